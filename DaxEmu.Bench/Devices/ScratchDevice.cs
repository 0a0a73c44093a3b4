using DaxEmu.Bench.Cli;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Devices;

/// <summary>
/// A device that a verb works on and overwrites. What the command makes has no name from the start, so that nothing is left of it, whatever
/// way the process ends, and nothing else is removed in its place. What was there before is overwritten only if nothing is lost by it, or if
/// the user says so.
/// </summary>
internal sealed class ScratchDevice : IDisposable
{
    // From where on a name in /dev is a device's: what is not there is not made there.
    private const string DevicesFolder = "/dev";

    private readonly bool isMarked;

    private ScratchDevice(PmemDevice device, bool isMarked)
    {
        Device = device;
        this.isMarked = isMarked;
    }

    /// <summary>The device.</summary>
    public PmemDevice Device { get; }

    /// <summary>Opens what is at a path, or makes it.</summary>
    /// <param name="path">The path; null for a temporary file, on tmpfs if that has the capacity.</param>
    /// <param name="sizeBytes">Bytes of one that is made.</param>
    /// <param name="options">How.</param>
    /// <param name="isForced">Whether what is there may be lost.</param>
    /// <exception cref="DaxEnvironmentException">It cannot be had, or something would be lost.</exception>
    public static ScratchDevice Open(string? path, long sizeBytes, PmemDeviceOptions options, bool isForced)
    {
        ScratchDevice scratch = path is null ? new ScratchDevice(PmemDevice.CreateTemporary(sizeBytes, options), isMarked: false)
            : Path.Exists(path) ? OpenExisting(Path.GetFullPath(path), options, isForced)
            : new ScratchDevice(Create(Path.GetFullPath(path), sizeBytes, options), isMarked: false);
        _ = BusErrorExit.TryInstall(
            $"daxemu: the storage behind {Printable.Of(scratch.Device.Name)} is gone: its file was cut, or its file system (or the memory behind it) is full. "
            + "Free space, or use another --filename.",
            (int)ExitCode.Inconclusive);
        return scratch;
    }

    /// <summary>Closes the device. One that was there before can be used again without asking.</summary>
    public void Dispose()
    {
        if (isMarked)
        {
            Mark();
        }

        Device.Dispose();
    }

    private static ScratchDevice OpenExisting(string path, PmemDeviceOptions options, bool isForced)
    {
        if (!isForced)
        {
            RefuseLoss(path);
        }

        var scratch = new ScratchDevice(PmemDevice.Open(path, options), isMarked: true);
        scratch.Mark();
        return scratch;
    }

    private static void RefuseLoss(string path)
    {
        using DeviceFile file = DeviceFile.OpenForProbe(path);
        if (StorageContent.Find(file.Handle, file.SizeBytes, file.IsBlockDevice) is { } content)
        {
            throw new DaxEnvironmentException(
                $"'{path}' holds {content}, which would be overwritten", "Give --force if it may be lost, or name another file.", Errno.Eexist, path);
        }
    }

    private static PmemDevice Create(string path, long sizeBytes, PmemDeviceOptions options)
    {
        RefuseDevicesFolder(path);
        DeviceFile file = DeviceFile.Create(path, sizeBytes, options.Sparse, unlinkAtOnce: true, cancellation: options.Cancellation);
        return PmemDevice.FromFile(file, path, path: null, options, isTemporary: true);
    }

    // A device that is not there would become a file in memory under its name, and be measured as such.
    private static void RefuseDevicesFolder(string path)
    {
        string? directory = Path.GetDirectoryName(path);
        if (directory is not null && Directory.Exists(directory)
            && FileSystemFacts.DeviceNumberOf(directory) == FileSystemFacts.DeviceNumberOf(DevicesFolder)
            && FileSystemFacts.DeviceNumberOf(DevicesFolder) != FileSystemFacts.DeviceNumberOf("/"))
        {
            throw new DaxEnvironmentException(
                $"there is no device '{path}'", "Correct the name ('ls /dev/pmem*' shows what there is), or name a file in another folder, as in /dev/shm.", Errno.Enoent, path);
        }
    }

    private void Mark() => StorageContent.Mark.CopyTo(Device.GetSpan(StorageContent.MarkOffset, StorageContent.Mark.Length));
}
