namespace DaxEmu.Core.Fs;

/// <summary>An operation on a file that may change its layout or its size.</summary>
internal enum FileOperation
{
    /// <summary>read(2).</summary>
    Read,

    /// <summary>write(2).</summary>
    Write,

    /// <summary>fsync and syncfs.</summary>
    Sync,

    /// <summary>ftruncate; the new size counts, not the length.</summary>
    Truncate,

    /// <summary>fallocate that may extend the file.</summary>
    Allocate,

    /// <summary>fallocate that leaves the size alone (<c>FALLOC_FL_KEEP_SIZE</c>).</summary>
    AllocateKeepingSize,

    /// <summary><c>FALLOC_FL_PUNCH_HOLE</c>.</summary>
    PunchHole,

    /// <summary><c>FALLOC_FL_ZERO_RANGE</c>.</summary>
    ZeroRange,

    /// <summary><c>FALLOC_FL_COLLAPSE_RANGE</c>.</summary>
    CollapseRange,

    /// <summary><c>FALLOC_FL_INSERT_RANGE</c>.</summary>
    InsertRange,
}
