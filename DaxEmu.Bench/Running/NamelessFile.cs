using System.Globalization;
using DaxEmu.Native;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Bench.Running;

/// <summary>
/// A sparse file, in memory if not said otherwise, that has no name, so that nothing is left of it, whatever way this process ends. Other processes open it through
/// this process's descriptor.
/// </summary>
internal sealed class NamelessFile : IDisposable
{
    private readonly SafeFileHandle handle;

    private NamelessFile(SafeFileHandle handle) => this.handle = handle;

    /// <summary>Where other processes open it, as long as this one has it.</summary>
    public string Path => string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{handle.DangerousGetHandle()}");

    /// <summary>Makes one.</summary>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="directory">In which directory; null for memory.</param>
    /// <exception cref="DaxEnvironmentException">No directory takes it.</exception>
    public static NamelessFile Create(long sizeBytes, string? directory = null)
    {
        string folder = directory ?? (Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath());
        string name = System.IO.Path.Combine(folder, $"daxemu-{Environment.ProcessId}-{Guid.NewGuid():N}");
        try
        {
            SafeFileHandle handle = File.OpenHandle(name, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            File.Delete(name);
            if (sizeBytes > 0)
            {
                RandomAccess.SetLength(handle, sizeBytes);
            }

            return new NamelessFile(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DaxEnvironmentException($"cannot make a file of {sizeBytes} bytes in '{folder}': {e.Message.TrimEnd('.')}", "Free space there, or name another place.", Errno.Enospc, folder);
        }
    }

    /// <summary>All of it.</summary>
    public byte[] ReadAll()
    {
        byte[] bytes = new byte[RandomAccess.GetLength(handle)];
        int read = RandomAccess.Read(handle, bytes, 0);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();
}
