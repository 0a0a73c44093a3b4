using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>The terminal that a process belongs to.</summary>
internal static partial class Terminal
{
    /// <summary>Whether the process group of this process has the terminal of standard input: what is typed there as a signal reaches all of the group.</summary>
    public static bool IsInForeground() => ForegroundGroup(0) is > 0 and var group && group == OwnGroup();

    [LibraryImport("libc", EntryPoint = "tcgetpgrp")]
    private static partial int ForegroundGroup(int descriptor);

    [LibraryImport("libc", EntryPoint = "getpgrp")]
    private static partial int OwnGroup();
}
