namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>Where an operation of a pair works.</summary>
/// <param name="File">Which file, 0 or 1.</param>
/// <param name="View">Which view of it, 0 or 1.</param>
/// <param name="Page">The page, for an operation on a page.</param>
/// <param name="HugePage">The first page of the 2 MiB, for an operation on one.</param>
/// <param name="Directory">Which directory, 0 or 1, for an operation on names.</param>
/// <param name="IsWarmUp">Whether it is the run before the recorded one, on a page or name beside: what a thread or file does once is done then.</param>
internal readonly record struct ConflictPlace(int File, int View, long Page, long HugePage, int Directory, bool IsWarmUp)
{
    // Another cache line of the same 2 MiB; another line of words a 2 MiB.
    private const int WarmUpPages = 32;
    private const int WarmUpHuge = 2;

    /// <summary>The same before the recorded run.</summary>
    public ConflictPlace WarmUp => this with
    {
        Page = Page + WarmUpPages,
        HugePage = HugePage + (WarmUpHuge * Core.DaxConstants.PagesPerPmd),
        IsWarmUp = true,
    };

    /// <summary>0 before the recorded run, 1 in it.</summary>
    public int Turn => IsWarmUp ? 0 : 1;
}
