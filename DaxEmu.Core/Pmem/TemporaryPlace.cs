using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.Pmem;

/// <summary>Finds a directory for a device that is to disappear, and makes it there.</summary>
internal static class TemporaryPlace
{
    private const string SharedMemory = "/dev/shm";

    /// <summary>
    /// Makes the device in the first directory that takes it: shared memory, the user's runtime directory, the temporary one.
    /// </summary>
    /// <exception cref="DaxEnvironmentException">None takes it; the message says why for each.</exception>
    public static PmemDevice Create(long sizeBytes, PmemDeviceOptions options) => Create(sizeBytes, options, Candidates());

    internal static PmemDevice Create(long sizeBytes, PmemDeviceOptions options, IEnumerable<string> directories)
    {
        // A wish that no place can fulfil is not the places' fault.
        _ = Placement.Choose(options.Flush, FlushMethod.None, out _);
        StoreTracker.RequireSupport(options.StoreTracking);
        List<string> refusals = [];
        int errno = Errno.Enospc;
        foreach (string directory in directories)
        {
            try
            {
                return CreateIn(directory, sizeBytes, options);
            }
            catch (DaxEnvironmentException refusal)
            {
                errno = refusal.Errno;
                refusals.Add(Reason(refusal, directory, sizeBytes));
            }
        }

        throw new DaxEnvironmentException(
            $"no directory takes a temporary device of {sizeBytes} bytes ({string.Join("; ", refusals)})",
            "Use a smaller size, free space there, make it sparse, or create a file elsewhere.",
            errno);
    }

    private static PmemDevice CreateIn(string directory, long sizeBytes, PmemDeviceOptions options)
    {
        string path = Path.Combine(directory, $"daxemu-{Environment.ProcessId}-{Guid.NewGuid():N}");
        DeviceFile file = DeviceFile.Create(path, sizeBytes, options.Sparse, unlinkAtOnce: !options.KeepPath, ownerOnly: true, options.Cancellation);
        try
        {
            string name = options.KeepPath ? path : $"temporary device in {directory}";
            return PmemDevice.FromFile(file, name, options.KeepPath ? path : null, options, isTemporary: true);
        }
        catch
        {
            DeviceFile.Unlink(path);
            throw;
        }
    }

    private static string Reason(DaxEnvironmentException refusal, string directory, long sizeBytes)
    {
        if (refusal.Errno != Errno.Enospc)
        {
            return $"{directory}: {Errno.Describe(refusal.Errno)}";
        }

        long available = FileSystemFacts.Of(directory).AvailableBytes;
        return available < sizeBytes ? $"{directory} has only {available} bytes left" : $"{directory} is full";
    }

    private static IEnumerable<string> Candidates()
    {
        // Shared memory that is no tmpfs (some containers) has no advantage over the temporary directory.
        if (Directory.Exists(SharedMemory) && FileSystemFacts.Of(SharedMemory).Kind == FileSystemKind.Tmpfs)
        {
            yield return SharedMemory;
        }

        if (Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") is { Length: > 0 } runtime && Directory.Exists(runtime))
        {
            yield return runtime;
        }

        yield return Path.TrimEndingDirectorySeparator(Path.GetTempPath());
    }
}
