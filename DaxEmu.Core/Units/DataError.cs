namespace DaxEmu.Core.Units;

/// <summary>Why a transfer stopped.</summary>
public enum DataError
{
    /// <summary>It did not: all bytes were moved, or the file ended.</summary>
    None = 0,

    /// <summary>No block is left (<c>ENOSPC</c>).</summary>
    NoSpace,

    /// <summary>The extents cannot be read (<c>EIO</c>).</summary>
    Io,

    /// <summary>A page is poisoned, and was to be read or written in part (<c>EIO</c>).</summary>
    Poison,
}
