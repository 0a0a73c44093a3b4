namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>What a thread of a soak of real memory does in a step.</summary>
internal enum HostOperation
{
    /// <summary>Stores stamps through a shared view, and looks at them through another.</summary>
    Store,

    /// <summary>Looks at pages through a shared view.</summary>
    Load,

    /// <summary>Counts its own line of the shared page up.</summary>
    Line,

    /// <summary>Writes stamps by write(2).</summary>
    Write,

    /// <summary>Looks at pages by read(2).</summary>
    Read,

    /// <summary>Punches a hole, which shows zeroes then.</summary>
    Punch,

    /// <summary>Makes a range zeroes with blocks behind it.</summary>
    Zero,

    /// <summary>Puts blocks behind a range, which changes nothing that is seen.</summary>
    Allocate,

    /// <summary>Cuts the file off inside a page and lets it grow again: what lay behind is zeroes, and could not be reached.</summary>
    Truncate,

    /// <summary>Takes a range out of the file.</summary>
    Collapse,

    /// <summary>Inserts a hole.</summary>
    Insert,

    /// <summary>fsync, msync or syncfs.</summary>
    Sync,

    /// <summary>MADV_DONTNEED of a shared view.</summary>
    DontNeed,

    /// <summary>Stores to copies of a private view, or forgets them.</summary>
    Private,

    /// <summary>Maps a view of its own, uses it, protects it, unmaps it.</summary>
    OwnView,

    /// <summary>Maps 2 MiB anew and faults pages of it in, whichever threads have them: 2 MiB requests meet 4 KiB entries.</summary>
    Prefault,

    /// <summary>Loses a page's memory: it cannot be reached until it is written as a whole.</summary>
    Poison,
}
