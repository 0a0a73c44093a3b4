using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Atomics;

/// <summary>Which <see cref="RwSemaphore"/> a thread reads now, in its fast way: lines of its own, which no other thread writes.</summary>
/// <remarks>
/// A thread has several, and the inode's number says which: so the writer of one file looks only at a line in each thread that the readers of few
/// other files write.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct SharedHold
{
    /// <summary>Lines of a thread.</summary>
    public const int Ways = 8;

    [FieldOffset(0)]
    public ulong Semaphore;

    private static readonly ReservedRegion Lines = ReservedRegion.Reserve((long)ThreadSlots.Capacity * Ways * ThreadSlots.LineBytes);

    [ThreadStatic]
    private static SharedHold* mine;

    public static SharedHold* Mine
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            SharedHold* line = mine;
            return line != null ? line : Find();
        }
    }

    // SAFETY: there are lines for every slot, and the lines live as long as the process.

    /// <summary>A line of a thread.</summary>
    public static SharedHold* At(int slot, int way) => (SharedHold*)Lines.Base + ((nint)slot * Ways) + way;

    /// <summary>Which line of each thread is an inode's.</summary>
    public static int WayOf(long inode) => (int)(inode % Ways);

    /// <summary>Names the lines of the threads.</summary>
    public static void NameLines(LineNames names) =>
        names.Add((void*)Lines.Base, (long)ThreadSlots.Capacity * Ways, ThreadSlots.LineBytes, line => $"inode hold of {ThreadSlots.NameOf(line / Ways)}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static SharedHold* Find() => mine = At(ThreadSlots.Mine, 0);
}
