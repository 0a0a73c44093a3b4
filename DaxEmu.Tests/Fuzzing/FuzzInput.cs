namespace DaxEmu.Tests.Fuzzing;

/// <summary>What the command gets in a case.</summary>
/// <param name="Arguments">The command line; <see cref="FolderMark"/> in it stands for the folder that the case runs in.</param>
/// <param name="Files">The files in that folder, by name.</param>
internal sealed record FuzzInput(IReadOnlyList<string> Arguments, IReadOnlyList<(string Name, byte[] Content)> Files)
{
    /// <summary>Stands in arguments for the folder that the case runs in.</summary>
    public const string FolderMark = "{folder}";

    /// <summary>Links in that folder, by name: they stand for devices.</summary>
    public IReadOnlyList<(string Name, string Target)> Links { get; init; } = [];

    /// <summary>What standard input has; null for nothing.</summary>
    public byte[]? StandardInput { get; init; }

    /// <summary>After how long it is asked to stop; null for never.</summary>
    public TimeSpan? StopAfter { get; init; }

    /// <summary>Whether JSON is asked for beyond doubt.</summary>
    public bool AsksForJson =>
        Arguments.Count(a => a.StartsWith("--output-format", StringComparison.Ordinal)) == 1
        && !Arguments.Any(a => a is "--" or "-h" or "-?" or "/?" or "/h" or "--help" or "--version" or "suites")
        && !Arguments.Any(a => a.StartsWith("--output", StringComparison.Ordinal) && !a.StartsWith("--output-format", StringComparison.Ordinal))
        && (Arguments.Contains("--output-format=json") || (IndexOf("--output-format") is var at and >= 0 && at + 1 < Arguments.Count && Arguments[at + 1] == "json"));

    /// <summary>How many inputs it can have at most; each may be refused with a line of its own.</summary>
    public int MostInputs => Arguments.Contains("replay") ? Math.Max(1, Files.Count) + Arguments.Count(a => !a.StartsWith('-')) - 1 : 1;

    private int IndexOf(string argument) => Arguments.TakeWhile(a => a != argument).Count() is var at && at < Arguments.Count ? at : -1;
}
