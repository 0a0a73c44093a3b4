using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>Page faults of the host, as getrusage(2) counts them.</summary>
internal static unsafe partial class FaultCounter
{
    private const int Thread = 1;

    /// <summary>Faults of this thread until now: minor (<c>ru_minflt</c>), and major (<c>ru_majflt</c>), which had to wait for a device.</summary>
    public static (long Minor, long Major) OfThisThread()
    {
        Usage usage;
        return Get(Thread, &usage) == 0 ? (usage.MinorFaults, usage.MajorFaults) : throw new InvalidOperationException("getrusage of a thread failed");
    }

    /// <summary>Time of a processor that this thread has had until now, in user code and in the kernel (<c>ru_utime</c>, <c>ru_stime</c>).</summary>
    public static TimeSpan CpuTimeOfThisThread()
    {
        Usage usage;
        return Get(Thread, &usage) == 0
            ? TimeSpan.FromSeconds(usage.Times[0] + usage.Times[2]) + TimeSpan.FromMicroseconds(usage.Times[1] + usage.Times[3])
            : throw new InvalidOperationException("getrusage of a thread failed");
    }

    [LibraryImport("libc", EntryPoint = "getrusage")]
    private static partial int Get(int who, Usage* usage);

    // struct rusage of 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Usage
    {
        public fixed long Times[4];
        public fixed long Sizes[4];
        public long MinorFaults;
        public long MajorFaults;
        public fixed long Others[8];
    }
}
