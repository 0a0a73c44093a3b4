using System.Numerics;
using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Cpu;

/// <summary>Which CPUs this process may use, and pinning a thread to one.</summary>
internal static unsafe class Topology
{
    // Bits for 8192 CPUs, the most that Linux can be built for on x86-64.
    private const int MaskWords = 128;
    private const nuint MaskBytes = MaskWords * sizeof(ulong);

    /// <summary>The CPU that the caller runs on; it may be another a moment later unless the thread is pinned.</summary>
    public static int CurrentCpu => Sched.GetCpu();

    /// <summary>How many CPUs the calling thread may use.</summary>
    public static int AllowedCpuCount => AllowedCpus().Count;

    /// <summary>The numbers of the CPUs that the calling thread may use, ascending.</summary>
    public static IReadOnlyList<int> AllowedCpus()
    {
        ulong* mask = stackalloc ulong[MaskWords];
        ReadMask(mask);
        List<int> cpus = [];
        for (int word = 0; word < MaskWords; word++)
        {
            for (ulong rest = mask[word]; rest != 0; rest &= rest - 1)
            {
                cpus.Add((word * 64) + BitOperations.TrailingZeroCount(rest));
            }
        }

        return cpus;
    }

    /// <summary>The CPUs of a NUMA node, as <c>/sys/devices/system/node</c> has them; null if there is no such node.</summary>
    public static IReadOnlyList<int>? NodeCpus(int node)
    {
        string path = $"/sys/devices/system/node/node{node}/cpulist";
        return File.Exists(path) ? CpuList.TryParse(File.ReadAllText(path).Trim()) ?? [] : null;
    }

    /// <summary>Keeps the calling thread on <paramref name="cpu"/> until the result is disposed, which the same thread does.</summary>
    /// <exception cref="DaxEnvironmentException">The process may not use this CPU.</exception>
    public static CpuPin Pin(int cpu) => Pin([cpu]);

    /// <summary>Keeps the calling thread on some CPUs (sched_setaffinity(2)) until the result is disposed, which the same thread does.</summary>
    /// <exception cref="DaxEnvironmentException">The process may use none of these CPUs.</exception>
    public static CpuPin Pin(IReadOnlyList<int> cpus)
    {
        ulong* mask = stackalloc ulong[MaskWords];
        ReadMask(mask);
        ulong[] before = new ReadOnlySpan<ulong>(mask, MaskWords).ToArray();
        IReadOnlyList<int> allowed = AllowedCpus();
        new Span<ulong>(mask, MaskWords).Clear();
        foreach (int cpu in cpus)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(cpu);
            if (cpu < MaskWords * 64)
            {
                mask[cpu / 64] |= 1UL << (cpu % 64);
            }
        }

        if (Sched.SetAffinity(0, MaskBytes, mask) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw new DaxEnvironmentException(
                $"cannot pin a thread to CPU {string.Join(',', cpus)}", $"Use one of the CPUs allowed here: {string.Join(',', allowed)}.", errno);
        }

        return new CpuPin(before);
    }

    internal static void Restore(ulong[] before)
    {
        fixed (ulong* mask = before)
        {
            // Fails only if the CPUs were taken away meanwhile; the thread then stays where it is.
            _ = Sched.SetAffinity(0, MaskBytes, mask);
        }
    }

    private static void ReadMask(ulong* mask)
    {
        new Span<ulong>(mask, MaskWords).Clear();
        if (Sched.GetAffinity(0, MaskBytes, mask) < 0)
        {
            throw new InvalidOperationException($"sched_getaffinity failed with errno {Marshal.GetLastPInvokeError()}.");
        }
    }
}

/// <summary>A thread's stay on one CPU.</summary>
internal sealed class CpuPin(ulong[] before) : IDisposable
{
    private readonly int threadId = Environment.CurrentManagedThreadId;

    /// <summary>Lets the thread move again.</summary>
    /// <exception cref="InvalidOperationException">Another thread than the pinned one calls.</exception>
    public void Dispose()
    {
        if (Environment.CurrentManagedThreadId != threadId)
        {
            throw new InvalidOperationException("Only the pinned thread can end its pin.");
        }

        Topology.Restore(before);
    }
}
