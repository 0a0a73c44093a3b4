namespace DaxEmu.Core.Fs;

/// <summary>The errors of operations on a file, in words: what, where, and the remedy.</summary>
internal static class FileErrors
{
    public static DaxException Busy(DaxFile file, long offset) => Of(file, IoError.Busy, offset);

    public static DaxException Of(DaxFile file, IoError error, long offset) => new(
        error switch
        {
            IoError.NoSpace => $"No block is left on {file.Volume.Device.Name} for byte {offset} of {file}. Delete files or punch holes, or use a larger device.",
            IoError.Busy => $"Pages of {file} from byte {offset} on are pinned. Dispose the pins first, or let operations wait (DaxFileOptions.WaitsForPins).",
            IoError.Poison => $"The memory at byte {offset} of {file} is lost (poisoned). Write the whole page to clear it, or punch it out.",
            _ => $"The blocks at byte {offset} of {file} cannot be read or written.",
        },
        error,
        offset);

    public static DaxException Io(DaxFile file, long offset, Exception cause) => new(
        $"The storage behind byte {offset} of {file} failed, so nothing was changed: {cause.Message}", IoError.Io, offset, cause);
}
