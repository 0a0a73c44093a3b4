using DaxEmu.Core.DataPath;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Files;

/// <summary>An operation on a file failed: no space, lost memory, or pages in use.</summary>
public sealed class DaxFileException : IOException
{
    private const int Eio = 5;
    private const int Ebusy = 16;
    private const int Enospc = 28;

    /// <summary>An error without any detail.</summary>
    public DaxFileException()
        : this("An operation on a file failed.")
    {
    }

    /// <summary>An error with a message that says all.</summary>
    public DaxFileException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message that says all, and its cause.</summary>
    public DaxFileException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    private DaxFileException(string message, int errno, long offsetBytes)
        : base(message)
    {
        Errno = errno;
        OffsetBytes = offsetBytes;
    }

    /// <summary>The kernel's number for it (ENOSPC 28, EBUSY 16, EIO 5); 0 if none fits.</summary>
    public int Errno { get; private init; }

    /// <summary>Where in the file.</summary>
    public long OffsetBytes { get; private init; }

    internal static DaxFileException NoSpace(DaxFile file, long offset) => new(
        $"No block is left on {file.Volume.Device.Name} for byte {offset} of {file}. Delete files or punch holes, or use a larger device.",
        Enospc,
        offset);

    internal static DaxFileException Busy(DaxFile file, long offset) => new(
        $"Pages of {file} from byte {offset} on are pinned. Dispose the leases first, or let operations wait (DaxFileOptions.WaitsForPins).",
        Ebusy,
        offset);

    internal static DaxFileException Of(DaxFile file, DataError error, long offset) => error switch
    {
        DataError.NoSpace => NoSpace(file, offset),
        DataError.Poison => new(
            $"The memory at byte {offset} of {file} is lost (poisoned). Write the whole page to heal it, or punch it out.",
            new DataOutcome(0, error).Errno,
            offset),
        _ => new($"The blocks at byte {offset} of {file} cannot be read or written.", new DataOutcome(0, error).Errno, offset),
    };

    internal static DaxFileException Io(DaxFile file, long offset, Exception cause) => new(
        $"The storage behind byte {offset} of {file} failed, so nothing was changed: {cause.Message}", cause)
    { Errno = Eio, OffsetBytes = offset };

    internal static DaxFileException Commit(DaxFile file, Exception cause) => new(
        $"The blocks of {file} could not be made durable, so a loss of power may take what was written since the last sync. Sync again: {cause.Message}",
        cause)
    { Errno = Eio };

    internal static DaxFileException Writeback(DaxFile file, int errno) => new(
        $"Writing back {file} failed (error {errno}): what was stored since the last sync may be lost. "
            + "Look for poisoned pages, write them anew and sync again.",
        errno,
        0);
}
