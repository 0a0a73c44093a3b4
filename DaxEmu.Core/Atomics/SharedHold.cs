using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Atomics;

/// <summary>Which <see cref="RwSemaphore"/> a thread reads now, in its fast way: lines of its own (<see cref="ThreadSlots.Ways"/>), which no other thread writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct SharedHold
{
    [FieldOffset(0)]
    public ulong Semaphore;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines(ThreadSlots.Ways);

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
    public static SharedHold* At(int slot, int way) => (SharedHold*)Lines.Base + ((nint)slot * ThreadSlots.Ways) + way;

    /// <summary>Names the lines of the threads.</summary>
    public static void NameLines(LineNames names) =>
        names.Add((void*)Lines.Base, (long)ThreadSlots.Capacity * ThreadSlots.Ways, ThreadSlots.LineBytes, line => $"inode hold of {ThreadSlots.NameOf(line / ThreadSlots.Ways)}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static SharedHold* Find() => mine = At(ThreadSlots.Mine, 0);
}
