namespace DaxEmu.Core;

/// <summary>Why a 2 MiB fault could not be served (the tests of <c>dax_fault_check_fallback</c> and of <c>dax_iomap_pmd_fault</c>, by name).</summary>
public enum FallbackReason
{
    /// <summary>It did not fall back.</summary>
    None = 0,

    /// <summary>The address and the file offset have different places in their 2 MiB.</summary>
    ColourMismatch,

    /// <summary>A write to a private mapping: copies are made a page at a time.</summary>
    PrivateWrite,

    /// <summary>The 2 MiB around the address begin before the VMA.</summary>
    BeforeVma,

    /// <summary>The 2 MiB around the address end behind the VMA.</summary>
    BehindVma,

    /// <summary>The 2 MiB reach past the end of the file.</summary>
    BeyondEof,

    /// <summary>A 4 KiB entry lies in the range.</summary>
    EntryConflict,

    /// <summary>The extent at the start of the range is shorter than 2 MiB.</summary>
    ShortExtent,

    /// <summary>The device memory does not start at a 2 MiB boundary.</summary>
    MisalignedPfn,

    /// <summary>The write asked for memory and the extent map had none.</summary>
    NotAllocated,

    /// <summary>The VMA refuses 2 MiB translations (<c>MADV_NOHUGEPAGE</c>).</summary>
    NoHugePage,

    /// <summary>4 KiB translations stand in the place of the 2 MiB one.</summary>
    PageTableInTheWay,

    /// <summary>A page of the 2 MiB is poisoned; at 4 KiB only that one fails.</summary>
    Poison,
}
