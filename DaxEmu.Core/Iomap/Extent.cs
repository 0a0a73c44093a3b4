using DaxEmu.Core.Units;

namespace DaxEmu.Core.Iomap;

/// <summary>What lies behind a run of a file's pages (the kernel's <c>IOMAP_HOLE</c>, <c>IOMAP_UNWRITTEN</c>, <c>IOMAP_MAPPED</c>).</summary>
public enum ExtentKind
{
    /// <summary>Nothing: reads give zeroes.</summary>
    Hole,

    /// <summary>Blocks that were never written: reads give zeroes.</summary>
    Unwritten,

    /// <summary>Blocks with data.</summary>
    Mapped,
}

/// <summary>What else is to be known of an extent (<c>IOMAP_F_NEW</c>, <c>IOMAP_F_DIRTY</c>, <c>IOMAP_F_SHARED</c>).</summary>
[Flags]
public enum ExtentFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The blocks were allocated or converted by this very call.</summary>
    New = 1,

    /// <summary>The metadata that says so is not durable yet: a synchronous fault must wait for it.</summary>
    Dirty = 2,

    /// <summary>Other files share the blocks: they must be copied before a write.</summary>
    Shared = 4,
}

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
