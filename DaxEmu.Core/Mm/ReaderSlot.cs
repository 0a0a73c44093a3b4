using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mm;

/// <summary>Which mappings a thread reads now: lines of its own (<see cref="ThreadSlots.Ways"/>), which no other thread writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct ReaderSlot
{
    public const int Holds = 8;

    [FieldOffset(0)]
    public ulong Hold0;

    /// <summary>The extent that this thread's last fault was answered from; see <see cref="LastExtent"/>.</summary>
    [FieldOffset(Holds * sizeof(ulong))]
    public LastExtent Extent;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines(ThreadSlots.Ways);

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
    public static ReaderSlot* At(int slot) => (ReaderSlot*)Lines.Base + ((nint)slot * ThreadSlots.Ways);

    /// <summary>Names the lines of the threads that are in use.</summary>
    public static void NameLines(LineNames names) =>
        names.Add((void*)Lines.Base, (long)ThreadSlots.Capacity * ThreadSlots.Ways, ThreadSlots.LineBytes, line => $"reader slot of {ThreadSlots.NameOf(line / ThreadSlots.Ways)}");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReaderSlot* Find() => mine = At(ThreadSlots.Mine);
}
