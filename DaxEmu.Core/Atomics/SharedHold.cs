using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Atomics;

/// <summary>Which <see cref="RwSemaphore"/> a thread reads now, in its fast way: a line of its own, which no other thread writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct SharedHold
{
    [FieldOffset(0)]
    public ulong Semaphore;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines();

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

    // SAFETY: there is a line for every slot, and the lines live as long as the process.
    public static SharedHold* At(int slot) => (SharedHold*)Lines.Base + slot;

    /// <summary>Names the lines of the threads.</summary>
    public static void NameLines(LineNames names) =>
        names.Add((void*)Lines.Base, ThreadSlots.Capacity, ThreadSlots.LineBytes, slot => $"inode hold of {ThreadSlots.NameOf(slot)}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static SharedHold* Find() => mine = At(ThreadSlots.Mine);
}
