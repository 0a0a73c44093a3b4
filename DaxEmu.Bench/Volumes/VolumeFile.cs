using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Bench.Volumes;

/// <summary>The device file of a volume: made, opened and enlarged by a verb. Each opens it alone: its lock refuses every other opener.</summary>
internal static class VolumeFile
{
    /// <summary>Opens what is there.</summary>
    /// <exception cref="DaxEnvironmentException">It is missing, of a wrong size, not writable, or open elsewhere.</exception>
    public static PmemDevice Open(string path) => Guarded(PmemDevice.Open(path));

    /// <summary>Opens what is there to be overwritten, or makes a file that is not there.</summary>
    /// <param name="path">The path.</param>
    /// <param name="sizeBytes">Bytes of a file that is made; of one that is there null, or what it has.</param>
    /// <param name="isForced">Whether what is there may be lost.</param>
    /// <param name="cancellation">Ends it; a file that was made is gone then.</param>
    /// <exception cref="ArgumentException">A file that is made needs a size, a multiple of 2 MiB.</exception>
    /// <exception cref="DaxEnvironmentException">It cannot be had, or something would be lost.</exception>
    public static PmemDevice OpenToFormat(string path, long? sizeBytes, bool isForced, CancellationToken cancellation)
    {
        if (!Path.Exists(path))
        {
            long size = sizeBytes ?? throw new ArgumentException($"there is no file '{path}', and without a size none is made. Give --size, as in --size 1g.");
            return Guarded(PmemDevice.Create(path, size, new PmemDeviceOptions { Cancellation = cancellation }));
        }

        PmemDevice device = PmemDevice.Open(path); // with its lock: what is looked at does not change until it is overwritten
        try
        {
            if (sizeBytes is { } wanted && wanted != device.SizeBytes)
            {
                throw new DaxEnvironmentException(
                    $"'{path}' has {device.SizeBytes} bytes, not {wanted}", "Leave --size away, or name a file that is not there yet.", Errno.Einval, path);
            }

            if (!isForced)
            {
                RefuseLoss(device, path);
            }

            return Guarded(device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file whose size becomes <paramref name="sizeBytes"/>. On failure it has the size that it had.</summary>
    /// <param name="path">The path.</param>
    /// <param name="sizeBytes">Not less than it has; null leaves it.</param>
    /// <param name="cancellation">Ends the reservation of blocks.</param>
    /// <exception cref="ArgumentException">It is no multiple of 2 MiB.</exception>
    /// <exception cref="DaxEnvironmentException">It has more, is a block device, or the file system is full.</exception>
    public static PmemDevice OpenEnlarged(string path, long? sizeBytes, CancellationToken cancellation)
    {
        if (sizeBytes is not { } wanted)
        {
            return Open(path);
        }

        DeviceSize.Check(wanted, nameof(sizeBytes));
        string fullPath = Path.GetFullPath(path);
        DeviceFile file = DeviceFile.Open(fullPath);
        long before = file.SizeBytes;
        try
        {
            if (file.IsBlockDevice || wanted < before)
            {
                throw new DaxEnvironmentException(
                    $"'{path}' has {before} bytes and cannot become one of {wanted}",
                    file.IsBlockDevice ? "Leave --size away: a volume grows as far as its block device." : "Give a larger --size: a volume cannot shrink.",
                    Errno.Einval,
                    path);
            }

            BlockReservation.Reserve(file.Handle, fullPath, wanted, cancellation);
        }
        catch
        {
            CutBack(file.Handle, file.IsBlockDevice, before);
            file.Dispose();
            throw;
        }

        return Guarded(PmemDevice.FromFile(file, fullPath, fullPath, PmemDeviceOptions.Default, isTemporary: false, wanted));
    }

    private static void CutBack(SafeFileHandle file, bool isBlockDevice, long sizeBytes)
    {
        if (!isBlockDevice && RandomAccess.GetLength(file) > sizeBytes)
        {
            RandomAccess.SetLength(file, sizeBytes);
        }
    }

    private static void RefuseLoss(PmemDevice device, string path)
    {
        VolumeReport report = DaxVolume.Check(device);
        string? content = report.Refusal == VolumeRefusal.NoVolume ? null
            : report.IsSound ? $"a volume with {report.FileCount} files (label '{report.Label}')"
            : "a volume, which is damaged";
        if (content is null)
        {
            using DeviceFile file = DeviceFile.OpenForProbe(path);
            content = StorageContent.Find(file.Handle, file.SizeBytes, file.IsBlockDevice);
        }

        if (content is not null)
        {
            throw new DaxEnvironmentException(
                $"'{path}' holds {content}, which would be overwritten", "Give --force if it may be lost, or name another file.", Errno.Eexist, path);
        }
    }

    private static PmemDevice Guarded(PmemDevice device)
    {
        _ = BusErrorExit.TryInstall(
            $"daxemu: the storage behind {Printable.Of(device.Name)} is gone: its file was cut, or its file system (or the memory behind it) is full. Free space.",
            (int)ExitCode.Inconclusive);
        return device;
    }
}
