using System.Globalization;
using System.Text;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>
/// The kernel's side of a current directory on the volume: an empty directory, deleted, whose name says which. So a program that this one starts finds
/// it, and a relative path that reached the kernel leads nowhere.
/// </summary>
internal static unsafe class CurrentDirectoryMark
{
    private const string NameStart = "daxemu-directory-";
    private const string Deleted = " (deleted)";
    private const int OwnerOnly = 0x1C0;
    private static readonly string[] Places = ["/dev/shm", "/tmp", "/run", "/var/tmp"];

    /// <summary>Makes the mark of a directory the kernel's current directory. Where no directory can be made, only this program knows.</summary>
    public static void Enter(long number)
    {
        int process = Environment.ProcessId;
        foreach (string place in Places)
        {
            byte[] path = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{place}/{NameStart}{number}-{process}-{Environment.CurrentManagedThreadId}\0"));
            fixed (byte* start = path)
            {
                if (RawSystemCall.Invoke(Sys.Mkdir, (nint)start, OwnerOnly) < 0)
                {
                    continue;
                }

                long entered = RawSystemCall.Invoke(Sys.Chdir, (nint)start);
                _ = RawSystemCall.Invoke(Sys.Rmdir, (nint)start);
                if (entered >= 0)
                {
                    return;
                }
            }
        }
    }

    /// <summary>The directory of the volume that the program was started in; 0 if it was one of the host's.</summary>
    public static long Read()
    {
        Span<byte> target = stackalloc byte[512];
        long length;
        fixed (byte* path = "/proc/self/cwd\0"u8, buffer = target)
        {
            length = RawSystemCall.Invoke(Sys.Readlink, (nint)path, (nint)buffer, target.Length);
        }

        if (length <= 0)
        {
            return 0;
        }

        string link = Encoding.UTF8.GetString(target[..(int)length]);
        int name = link.LastIndexOf('/') + 1;
        if (!link.EndsWith(Deleted, StringComparison.Ordinal) || !link.AsSpan(name).StartsWith(NameStart, StringComparison.Ordinal))
        {
            return 0;
        }

        ReadOnlySpan<char> rest = link.AsSpan(name + NameStart.Length);
        int end = rest.IndexOf('-');
        return end > 0 && long.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;
    }
}
