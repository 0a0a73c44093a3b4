using System.Globalization;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>What a worker gets to do, as its command line says it.</summary>
/// <param name="Pipe">The pipe that it reports on.</param>
/// <param name="Folder">Where it may make files.</param>
/// <param name="Kind">The kind of its cases; null for all.</param>
/// <param name="Seed">Their seed.</param>
/// <param name="First">The first case.</param>
/// <param name="Count">How many.</param>
/// <param name="Limits">What a case may cost.</param>
internal sealed record FuzzBatch(string Pipe, string Folder, FuzzKind? Kind, ulong Seed, int First, int Count, FuzzLimits Limits)
{
    private const string AllKinds = "all";

    /// <summary>The cases.</summary>
    public IEnumerable<FuzzCase> Cases => Enumerable.Range(First, Count).Select(n => CaseOf(Kind, Seed, n));

    /// <summary>A case of a run over one kind or all.</summary>
    public static FuzzCase CaseOf(FuzzKind? kind, ulong seed, int number) => kind is { } one ? new FuzzCase(one, seed, number) : FuzzCase.Of(seed, number);

    /// <summary>The arguments that say it to a worker.</summary>
    public string[] ToArguments() =>
    [
        Pipe, Folder, Kind?.ToString() ?? AllKinds, Text(Seed), Text(First), Text(Count),
        Text((long)Limits.Time.TotalMilliseconds), Text((long)Limits.StopTime.TotalMilliseconds), Text(Limits.MemoryBytes),
    ];

    /// <summary>Reads them.</summary>
    public static FuzzBatch Of(string[] arguments) => new(
        arguments[0],
        arguments[1],
        arguments[2] == AllKinds ? null : Enum.Parse<FuzzKind>(arguments[2]),
        ulong.Parse(arguments[3], CultureInfo.InvariantCulture),
        int.Parse(arguments[4], CultureInfo.InvariantCulture),
        int.Parse(arguments[5], CultureInfo.InvariantCulture),
        new FuzzLimits(Milliseconds(arguments[6]), Milliseconds(arguments[7]), long.Parse(arguments[8], CultureInfo.InvariantCulture)));

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);

    private static TimeSpan Milliseconds(string text) => TimeSpan.FromMilliseconds(long.Parse(text, CultureInfo.InvariantCulture));
}
