using System.Globalization;
using System.IO.MemoryMappedFiles;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Files;

/// <summary>The file behind a <see cref="MemoryMappedFile"/> that the caller has made.</summary>
internal static class SharedFile
{
    /// <summary>Bytes that the caller has mapped, after a look at whether they can be written.</summary>
    /// <param name="file">The caller's object; it is left as it is.</param>
    /// <exception cref="ArgumentException">It allows no stores that others see.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it.</exception>
    public static long CapacityOf(MemoryMappedFile file)
    {
        ObjectDisposedException.ThrowIf(file.SafeMemoryMappedFileHandle.IsClosed, file);
        try
        {
            // The object shows neither its size nor its rights; a view of all of it does.
            using MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.ReadWrite);
            long capacity = view.Capacity;

            // Without this the accessor writes all its pages back when it is disposed.
            view.SafeMemoryMappedViewHandle.Dispose();
            return capacity;
        }
        catch (UnauthorizedAccessException)
        {
            throw new ArgumentException(
                "The MemoryMappedFile allows no stores to its file. Make it with MemoryMappedFileAccess.ReadWrite.", nameof(file));
        }
        catch (IOException refusal)
        {
            throw Errno.Failure("cannot map", NameOf(file), refusal.HResult);
        }
    }

    /// <summary>Opens the file once more, for an opener of its own: with a lock of its own, whatever the caller does with the object.</summary>
    /// <exception cref="ArgumentException">There is no file behind the object.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="DaxEnvironmentException">The file may not be opened for writing, or another opener has locked it.</exception>
    public static DeviceFile Open(MemoryMappedFile file)
    {
        bool isAdded = false;
        try
        {
            file.SafeMemoryMappedFileHandle.DangerousAddRef(ref isAdded);
            return DeviceFile.Open(LinkOf(file), NameOf(file));
        }
        finally
        {
            if (isAdded)
            {
                file.SafeMemoryMappedFileHandle.DangerousRelease();
            }
        }
    }

    /// <summary>The path of the file behind the object; null if it has none (any more).</summary>
    public static string? PathOf(MemoryMappedFile file)
    {
        string link = LinkOf(file);
        return new FileInfo(link).LinkTarget is { } target && Path.Exists(target) && FileIdentity.IsSame(link, target) ? target : null;
    }

    private static string NameOf(MemoryMappedFile file) => PathOf(file) ?? "the file behind the MemoryMappedFile";

    // On Linux the handle is the descriptor; the framework has a number outside of their range where there is none.
    private static string LinkOf(MemoryMappedFile file)
    {
        nint descriptor = file.SafeMemoryMappedFileHandle.DangerousGetHandle();
        return descriptor is >= 0 and <= int.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}")
            : throw new ArgumentException("The MemoryMappedFile has no file behind it. Make it from a file, or use PmemDevice.CreateInMemory.", nameof(file));
    }
}
