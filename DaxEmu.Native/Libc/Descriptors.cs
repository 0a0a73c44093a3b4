using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>The descriptors that every process is started with: standard input, output and error.</summary>
internal static partial class Descriptors
{
    private const int ReadWrite = 2;
    private const int GetFlags = 1;

    /// <summary>Opens what is closed of the three on <c>/dev/null</c>.</summary>
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

    // fcntl and open are variadic; on x86-64 Linux an integer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
