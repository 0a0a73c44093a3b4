using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mm;

/// <summary>Which mappings a thread reads now: lines of its own, which no other thread writes.</summary>
/// <remarks>
/// A thread has several, and a mapping's id says which: so the writer of one mapping's lock looks only at a line in each thread that the readers of
/// few other mappings write.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct ReaderSlot
{
    public const int Holds = 8;

    /// <summary>Lines of a thread.</summary>
    public const int Ways = 8;

    [FieldOffset(0)]
    public ulong Hold0;

    /// <summary>The extent that this thread's last fault was answered from; see <see cref="LastExtent"/>.</summary>
    [FieldOffset(Holds * sizeof(ulong))]
    public LastExtent Extent;

    private static readonly ReservedRegion Lines = ReservedRegion.Reserve((long)ThreadSlots.Capacity * Ways * ThreadSlots.LineBytes);

    [ThreadStatic]
    private static ReaderSlot* mine;

    public static ReaderSlot* Mine
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ReaderSlot* line = mine;
            return line != null ? line : Find();
        }
    }

    // SAFETY: there are lines for every slot, and the lines live as long as the process.

    /// <summary>The first line of a thread; the others follow.</summary>
    public static ReaderSlot* At(int slot) => (ReaderSlot*)Lines.Base + ((nint)slot * Ways);

    /// <summary>Which line of each thread is a mapping's.</summary>
    public static int WayOf(long mapping) => (int)(mapping % Ways);

    /// <summary>Names the lines of the threads that are in use.</summary>
    public static void NameLines(LineNames names) =>
        names.Add((void*)Lines.Base, (long)ThreadSlots.Capacity * Ways, ThreadSlots.LineBytes, line => $"reader slot of {ThreadSlots.NameOf(line / Ways)}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReaderSlot* Find() => mine = At(ThreadSlots.Mine);
}
