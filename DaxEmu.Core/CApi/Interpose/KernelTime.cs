using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary><c>struct timespec</c>, of the time since 1970.</summary>
/// <param name="Seconds">Whole seconds.</param>
/// <param name="Nanoseconds">And nanoseconds.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KernelTime(long Seconds, long Nanoseconds)
{
    private const int NanosecondsPerTick = 100;
    private static readonly long Epoch = DateTime.UnixEpoch.Ticks;

    /// <summary>A time in 100 ns since year 1.</summary>
    public static KernelTime FromTicks(long ticks)
    {
        long since = ticks - Epoch;
        long seconds = Math.DivRem(since, TimeSpan.TicksPerSecond, out long rest);
        return rest < 0
            ? new KernelTime(seconds - 1, (rest + TimeSpan.TicksPerSecond) * NanosecondsPerTick)
            : new KernelTime(seconds, rest * NanosecondsPerTick);
    }

    /// <summary>The same in 100 ns since year 1, which is as exact as the volume keeps it, and inside of what it can keep.</summary>
    public long ToTicks()
    {
        const long MostSeconds = 253_402_300_799; // 9999-12-31
        long seconds = Math.Clamp(Seconds, -Epoch / TimeSpan.TicksPerSecond, MostSeconds);
        return Epoch + (seconds * TimeSpan.TicksPerSecond) + (Nanoseconds / NanosecondsPerTick);
    }
}
