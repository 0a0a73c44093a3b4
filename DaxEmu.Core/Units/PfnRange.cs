namespace DaxEmu.Core;

/// <summary>A run of pages of the device.</summary>
/// <param name="First">The first page.</param>
/// <param name="PageCount">How many pages; 0 is the empty run.</param>
public readonly record struct PfnRange(Pfn First, long PageCount)
{
    /// <summary>The page behind the last one.</summary>
    public Pfn End => First + PageCount;

    /// <summary>Whether the run has no page.</summary>
    public bool IsEmpty => PageCount <= 0;

    /// <summary>Whether <paramref name="pfn"/> is one of the pages.</summary>
    public bool Contains(Pfn pfn) => pfn.Value >= First.Value && pfn.Value < End.Value;

    /// <summary>The first page and the one behind the last.</summary>
    public override string ToString() => $"[{First}, {End})";
}
