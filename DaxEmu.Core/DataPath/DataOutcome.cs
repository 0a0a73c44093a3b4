using DaxEmu.Core.Units;

namespace DaxEmu.Core.DataPath;

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
