namespace DaxEmu.Core.Checking;

/// <summary>A cache line that one of two threads wrote and the other accessed.</summary>
/// <param name="One">What the one accessed in it.</param>
/// <param name="Other">What the other accessed in it.</param>
internal sealed record SharedLine(IReadOnlyList<SharedPart> One, IReadOnlyList<SharedPart> Other)
{
    /// <summary>The names, and who writes: "size of file 1 (read | written)".</summary>
    public override string ToString()
    {
        string[] one = [.. One.Select(part => part.Name)];
        string[] other = [.. Other.Select(part => part.Name)];
        string how = $"({How(One)} | {How(Other)})";
        return one.SequenceEqual(other)
            ? $"{string.Join(", ", one)} {how}"
            : $"{string.Join(", ", one)} beside {string.Join(", ", other)} {how}";
    }

    private static string How(IReadOnlyList<SharedPart> parts) => parts.Any(part => part.IsWritten) ? "written" : "read";
}
