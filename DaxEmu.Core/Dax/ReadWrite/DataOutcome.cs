namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>
/// What a transfer did. Where bytes were moved and an error came, the bytes count: a caller that goes on meets the error again.
/// </summary>
/// <param name="BytesMoved">How many bytes, from the start on.</param>
/// <param name="Error">What stopped it.</param>
internal readonly record struct DataOutcome(long BytesMoved, IoError Error)
{
    /// <summary>The kernel's number: ENOSPC, EIO, or 0.</summary>
    public int Errno => Error.Errno();
}
