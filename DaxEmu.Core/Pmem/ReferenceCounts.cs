using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Pmem;

/// <summary>Counts the references that keep a device's memory mapped, in several counts, so that threads that pin at once meet nowhere.</summary>
/// <remarks>
/// A count that leaves 0 adds one reference to the memory. It keeps that one when it comes back to 0 while the device is open; when the device
/// is closed (<see cref="Close"/>), each count at 0 gives it back, and from then on one that comes to 0 does so itself. Both look under the lock
/// of the count, so one of the two does it.
/// </remarks>
/// <param name="memory">The memory.</param>
internal sealed class ReferenceCounts(SafeHandle memory)
{
    private const int Ways = 16;

    private readonly Count[] counts = [.. Enumerable.Range(0, Ways).Select(_ => new Count())];

    /// <summary>Adds a reference, in the count of the calling thread.</summary>
    /// <returns>Which count it is, for <see cref="Release"/>.</returns>
    public int Add()
    {
        int way = ThreadSlots.Mine % Ways;
        counts[way].Add(memory);
        return way;
    }

    /// <summary>Gives a reference back.</summary>
    /// <param name="way">What <see cref="Add"/> returned.</param>
    public void Release(int way) => counts[way].Release(memory);

    /// <summary>The device is closed, or forgotten: no reference is kept for later.</summary>
    public void Close()
    {
        foreach (Count count in counts)
        {
            count.Close(memory);
        }
    }

    /// <summary>Names the counts.</summary>
    public void NameLines(LineNames names)
    {
        for (int way = 0; way < Ways; way++)
        {
            names.Add(counts[way].Gate, $"count {way}");
        }
    }

    private sealed class Count
    {
        private int references;
        private bool keepsMemory;
        private bool isClosed;
#pragma warning disable CA1823, CS0169, IDE0051 // Keeps a distance from the next count, and is never read.
        private Distance distance;
#pragma warning restore CA1823, CS0169, IDE0051

        public PlainLock Gate { get; } = new("lock of the device's references");

        public void Add(SafeHandle memory)
        {
            using (Gate.Enter())
            {
                if (!keepsMemory)
                {
                    memory.DangerousAddRef(ref keepsMemory);
                }

                references++;
            }
        }

        public void Release(SafeHandle memory)
        {
            using (Gate.Enter())
            {
                references--;
                GiveBackIfIdle(memory);
            }
        }

        public void Close(SafeHandle memory)
        {
            using (Gate.Enter())
            {
                isClosed = true;
                GiveBackIfIdle(memory);
            }
        }

        private void GiveBackIfIdle(SafeHandle memory)
        {
            if (isClosed && references == 0 && keepsMemory)
            {
                keepsMemory = false;
                memory.DangerousRelease();
            }
        }
    }

    [InlineArray(ThreadSlots.LineBytes / sizeof(long))]
    private struct Distance
    {
        private long first;
    }
}
