using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;
using Syscall = Mono.Unix.Native.Syscall;

namespace DaxEmu.Native.Files;

/// <summary>Allocates every block of a file, so that no later store meets a full file system (which would end the process with SIGBUS).</summary>
internal static class BlockReservation
{
    // In steps, so that a signal (which undoes a step on tmpfs) costs little.
    private const long StepBytes = 64 << 20;

    /// <summary>Allocates the first <paramref name="sizeBytes"/> of the file; what is there keeps its content.</summary>
    /// <exception cref="DaxEnvironmentException">The file system is full; blocks allocated so far stay.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; blocks allocated so far stay.</exception>
    public static void Reserve(SafeFileHandle file, string path, long sizeBytes, CancellationToken cancellation = default)
    {
        // Ask before taking: a tmpfs that was filled to the brim, even for a moment, hurts everybody.
        long available = FileSystemFacts.Of(file, path).AvailableBytes;
        if (available < sizeBytes && available != long.MaxValue)
        {
            throw NoRoom(path, sizeBytes, available);
        }

        for (long offset = 0; offset < sizeBytes; offset += StepBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            int errno = AllocateStep(file, offset, Math.Min(StepBytes, sizeBytes - offset));
            if (errno != 0)
            {
                FileSystemFacts facts = FileSystemFacts.Of(file, path);
                throw errno is Errno.Enospc or Errno.Enomem && facts.Kind == FileSystemKind.Hugetlbfs ? NoHugePages(path, sizeBytes, facts.BlockBytes)
                    : errno == Errno.Enospc
                    ? NoRoom(path, sizeBytes, offset + facts.AvailableBytes)
                    : Errno.Failure($"cannot reserve {sizeBytes} bytes for", path, errno);
            }
        }
    }

    private static int AllocateStep(SafeFileHandle file, long offset, long length)
    {
        int errno;
        do
        {
            errno = Fcntl.Fallocate(file, FallocateMode.Allocate, offset, length) == 0 ? 0 : Marshal.GetLastPInvokeError();
            if (errno == Errno.Eopnotsupp)
            {
                // The C library then writes to every block instead; it returns the error number.
                errno = (int)Syscall.posix_fallocate((int)file.DangerousGetHandle(), offset, (ulong)length);
            }
        }
        while (errno == Errno.Eintr);

        return errno;
    }

    private static DaxEnvironmentException NoHugePages(string path, long sizeBytes, long pageBytes) => new(
        $"cannot reserve {sizeBytes} bytes for '{path}': the pool has too few huge pages of {pageBytes >> 10} kB",
        $"Enlarge it (echo {sizeBytes / pageBytes} > /sys/kernel/mm/hugepages/hugepages-{pageBytes >> 10}kB/nr_hugepages), or use a smaller size.",
        Errno.Enospc,
        path);

    private static DaxEnvironmentException NoRoom(string path, long sizeBytes, long availableBytes) => new(
        $"cannot reserve {sizeBytes} bytes for '{path}': its file system has only {availableBytes} bytes left",
        "Use a smaller size, free space there, use another file system, or create it sparse.",
        Errno.Enospc,
        path);
}
