using System.Collections;
using System.CommandLine;
using System.Globalization;
using DaxEmu.Core;

namespace DaxEmu.Bench.Cli;

/// <summary>An option whose value has a text form of its own.</summary>
/// <typeparam name="T">What the text is read as.</typeparam>
/// <param name="name">Its documented name.</param>
/// <param name="otherNames">Names that are taken as well, and not shown.</param>
internal sealed class ValueOption<T>(string name, string[] otherNames) : Option<T>(name, otherNames), IDescribedOption
{
    /// <summary>The value that holds if the option is not given.</summary>
    public T? Fallback { get; init; }

    /// <summary>How the default is written, where its type alone does not say it.</summary>
    public Func<T, string>? Written { get; set; }

    public string? DefaultText => Fallback is null ? null : Written is { } written ? written(Fallback) : TextOf(Fallback);

    private static string? TextOf(object value) => value switch
    {
        TimeSpan time => time == TimeSpan.Zero ? null : DurationText.Format(time),
        long bytes => bytes == 0 ? null : SizeText.Format(bytes),
        PageOrder order => SizeText.Format(order.SizeBytes()),
        WaitProfile profile => profile.Name,
        string text => text.Length == 0 ? null : text,
#pragma warning disable CA1308 // Words of the command line are in lower case.
        Enum word => word.ToString().ToLowerInvariant(),
#pragma warning restore CA1308
        IEnumerable list => string.Join(',', list.Cast<object>().Select(TextOf)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
