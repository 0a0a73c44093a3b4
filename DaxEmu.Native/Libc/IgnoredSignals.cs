using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>Signals that a program (not the library: signals are the program's) does better to ignore.</summary>
internal static partial class IgnoredSignals
{
    private const int FileSizeLimit = 25; // SIGXFSZ
    private const nint Ignore = 1;

    /// <summary>SIGXFSZ: a write or a new size past <c>ulimit -f</c> fails with EFBIG instead of ending the process.</summary>
    public static void IgnoreFileSizeLimit() => Set(FileSizeLimit, Ignore);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Set(int signal, nint handler);
}
