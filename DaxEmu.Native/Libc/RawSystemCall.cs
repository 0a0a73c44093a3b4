using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>
/// A system call as the kernel takes it. In a program whose own calls are dispatched to this library it leaves through the range that the
/// kernel lets pass, so it is never dispatched again; elsewhere it goes through libc's <c>syscall</c>.
/// </summary>
internal static unsafe partial class RawSystemCall
{
    // The highest number that is an error: -4095.
    private const long LowestError = -4095;

    // Set once, before the first call is dispatched.
    private static delegate* unmanaged<long, nint, nint, nint, nint, nint, nint, long> entry;

    /// <summary>Says where calls leave.</summary>
    /// <param name="function">Takes the number and six arguments, does the call, and returns what the kernel returned.</param>
    public static void LeaveThrough(nint function) => entry = (delegate* unmanaged<long, nint, nint, nint, nint, nint, nint, long>)function;

    /// <summary>Does a call; it may block.</summary>
    /// <returns>The value, or -errno.</returns>
    public static long Invoke(long number, nint a0 = 0, nint a1 = 0, nint a2 = 0, nint a3 = 0, nint a4 = 0, nint a5 = 0)
    {
        if (entry is not null)
        {
            return entry(number, a0, a1, a2, a3, a4, a5);
        }

        long result = Call(number, a0, a1, a2, a3, a4, a5);
        return result == -1 ? -Marshal.GetLastPInvokeError() : result;
    }

    /// <summary>Whether a result is an error: -4095 to -1.</summary>
    public static bool IsError(long result) => result is < 0 and >= LowestError;

    // syscall is variadic; on x86-64 Linux an integer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial long Call(long number, nint a0, nint a1, nint a2, nint a3, nint a4, nint a5);
}
