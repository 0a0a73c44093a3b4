namespace DaxEmu.Core;

/// <summary>A run of pages of one kind (the kernel's <c>struct iomap</c>).</summary>
/// <param name="First">First page in the file.</param>
/// <param name="PageCount">How many pages; never 0 in an answer.</param>
/// <param name="Kind">What lies behind them.</param>
/// <param name="Pfn">First device page; without meaning for a hole.</param>
/// <param name="Flags">What else is to be known.</param>
public readonly record struct Extent(PageIndex First, long PageCount, ExtentKind Kind, Pfn Pfn, ExtentFlags Flags = ExtentFlags.None)
{
    /// <summary>The page behind the last one.</summary>
    public PageIndex End => First + PageCount;

    /// <summary>Whether the extent covers <paramref name="index"/>.</summary>
    public bool Contains(PageIndex index) => index >= First && index < End;

    /// <summary>The device page behind <paramref name="index"/>, which the extent must cover.</summary>
    public Pfn PfnAt(PageIndex index) => Pfn + (index - First);

    /// <summary>Whether the blocks must be copied before a write.</summary>
    public bool IsShared => (Flags & ExtentFlags.Shared) != 0;

    /// <summary>Whether reading gives zeroes because nothing was written.</summary>
    public bool ReadsAsZeroes => Kind != ExtentKind.Mapped;
}
