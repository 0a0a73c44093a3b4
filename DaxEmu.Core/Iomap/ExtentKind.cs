namespace DaxEmu.Core;

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
