using System.Text.RegularExpressions;

namespace DaxEmu.Core.Checking;

/// <summary>What one thread accessed in a line.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="IsWritten">Whether the thread wrote it.</param>
internal sealed record SharedPart(string Name, bool IsWritten)
{
#pragma warning disable SYSLIB1045 // The sources of the core are also compiled where no generator runs.
    private static readonly Regex Number = new("[0-9]+(?! MiB)", RegexOptions.CultureInvariant);
#pragma warning restore SYSLIB1045

    /// <summary>The name without its first number: that of a word among others of its kind.</summary>
    public static string KindOf(string name) => Number.Replace(name, "#", count: 1);

    /// <summary>Words of one kind as one, in the order of their places: "entry words 8 to 15", say.</summary>
    public static SharedPart Join(IReadOnlyList<SharedPart> parts)
    {
        string first = parts[0].Name;
        string last = parts[^1].Name;
        bool isWritten = parts.Any(part => part.IsWritten);
        return first == last
            ? new SharedPart(first, isWritten)
            : new SharedPart(Number.Replace(first, $"$0 to {Number.Match(last).Value}", count: 1), isWritten);
    }
}
