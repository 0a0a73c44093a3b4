using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>futex(2): glibc has no wrapper, so it goes through <c>syscall</c>.</summary>
internal static partial class FutexCalls
{
    public const nint SysFutex = 202;
    public const nint WaitPrivate = 0 | 128;
    public const nint WakePrivate = 1 | 128;

    // Never SuppressGCTransition here: a thread that sleeps in it must not hold up the garbage collector.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static unsafe partial nint Futex(nint number, int* word, nint operation, nint value, TimeSpec* timeout, nint word2, nint value3);
}

/// <summary><c>struct timespec</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TimeSpec
{
    public long Seconds;
    public long Nanoseconds;

    public static TimeSpec From(TimeSpan time) => new()
    {
        Seconds = time.Ticks / TimeSpan.TicksPerSecond,
        Nanoseconds = time.Ticks % TimeSpan.TicksPerSecond * 100,
    };
}
