namespace DaxEmu.Core.DataPath;

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

/// <summary>
/// What a transfer did. Where bytes were moved and an error came, the bytes count: a caller that goes on meets the error again.
/// </summary>
/// <param name="BytesMoved">How many bytes, from the start on.</param>
/// <param name="Error">What stopped it.</param>
public readonly record struct DataOutcome(long BytesMoved, DataError Error)
{
    /// <summary>The kernel's number: ENOSPC, EIO, or 0.</summary>
    public int Errno => Error switch
    {
        DataError.None => 0,
        DataError.NoSpace => 28,
        _ => 5,
    };
}
