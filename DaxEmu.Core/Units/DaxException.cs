namespace DaxEmu.Core;

/// <summary>An access to a file or an operation on it failed: no space, lost memory, pages in use, past the end.</summary>
public sealed class DaxException : IOException
{
    /// <summary>An error without any detail.</summary>
    public DaxException()
        : this("An operation on a file failed.")
    {
    }

    /// <summary>An error with a message that says all.</summary>
    public DaxException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message that says all, and its cause.</summary>
    public DaxException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal DaxException(string message, IoError error, long offsetBytes, Exception? innerException = null)
        : base(message, innerException)
    {
        Error = error;
        OffsetBytes = offsetBytes;
    }

    /// <summary>What failed.</summary>
    public IoError Error { get; }

    /// <summary>The kernel's number for it: 28 (ENOSPC), 16 (EBUSY), 5 (EIO) ...; 0 if none fits.</summary>
    public int Errno => Error.Errno();

    /// <summary>Where: bytes from the start of the file, or of the view for an access through one.</summary>
    public long OffsetBytes { get; }

    /// <summary>A page of a view that an access cannot reach.</summary>
    internal static DaxException Unreachable(IoError error, long offsetBytes) => new(
        $"The page at byte {offsetBytes} of the view cannot be reached: {Explain(error)}", error, offsetBytes);

    private static string Explain(IoError error) => error switch
    {
        IoError.ReadOnly => "the view is read-only. Map it shared or private for writing.",
        IoError.Poison => "the memory behind it is lost (poisoned). Write the whole page through the file, or punch it out.",
        IoError.NoMemory => "there is no memory for it. Use a smaller view, or raise 'ulimit -v'.",
        IoError.BeyondEof => "it lies past the end of the file. Let the file grow first.",
        IoError.NoSpace => "no block is left on the device. Delete files or punch holes, or use a larger device.",
        _ => "its blocks cannot be read or written.",
    };
}
