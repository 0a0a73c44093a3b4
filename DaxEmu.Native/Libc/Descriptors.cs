using System.Globalization;
using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>The descriptors that a process is started with: standard input, output and error.</summary>
internal static partial class Descriptors
{
    private const string Folder = "/proc/self/fd";
    private const int ReadWrite = 2;
    private const int GetFlags = 1;
    private const int GetStatus = 3;
    private const int AccessMode = 3;

    /// <summary>Opens what is closed of the three on <c>/dev/null</c>, so that no file that is opened later takes its number.</summary>
    public static void FillStandard()
    {
        for (int descriptor = 0; descriptor <= 2; descriptor++)
        {
            // open takes the lowest free number, which is this one: those below it are open by now.
            if (Control(descriptor, GetFlags, 0) < 0)
            {
                _ = Open("/dev/null", ReadWrite);
            }
        }
    }

    /// <summary>
    /// Whether standard output (1) or error (2) is what the process was started with. Where it was started with none, the runtime has
    /// opened something of its own under that number: writing there would at best fail.
    /// </summary>
    public static bool IsStandard(int descriptor)
    {
        int status = Control(descriptor, GetStatus, 0);
        if (status < 0 || (status & AccessMode) == 0)
        {
            return false;
        }

        string? target = Target(descriptor);
        return target is null || (!target.StartsWith("anon_inode:", StringComparison.Ordinal) && !(target.StartsWith("pipe:", StringComparison.Ordinal) && IsReadHere(target)));
    }

    // A pipe whose other end is in this process, too, is the runtime's.
    private static bool IsReadHere(string pipe) => Directory.EnumerateFileSystemEntries(Folder)
        .Select(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture))
        .Any(other => other > 2 && Target(other) == pipe && Control(other, GetStatus, 0) is >= 0 and var status && (status & AccessMode) == 0);

    private static string? Target(int descriptor)
    {
        try
        {
            return new FileInfo(string.Create(CultureInfo.InvariantCulture, $"{Folder}/{descriptor}")).LinkTarget;
        }
        catch (IOException)
        {
            return null; // closed meanwhile
        }
    }

    // fcntl and open are variadic; on x86-64 Linux an integer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
