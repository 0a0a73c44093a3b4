using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>Gives this process another standard input.</summary>
internal static partial class StandardInput
{
    /// <summary>From now on standard input reads this file from its beginning.</summary>
    public static void ReadFrom(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path);
        if (Duplicate(file, 0) < 0)
        {
            throw new IOException($"standard input cannot be made to read '{path}'");
        }
    }

    [LibraryImport("libc", EntryPoint = "dup2", SetLastError = true)]
    private static partial int Duplicate(SafeFileHandle from, int to);
}
