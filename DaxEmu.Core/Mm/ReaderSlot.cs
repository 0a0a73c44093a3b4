using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mm;

/// <summary>Which mappings a thread reads now: a line of its own, which no other thread writes.</summary>
[StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
internal unsafe struct ReaderSlot
{
    public const int Holds = 8;

    [FieldOffset(0)]
    public ulong Hold0;

    /// <summary>The extent that this thread's last fault was answered from; see <see cref="LastExtent"/>.</summary>
    [FieldOffset(Holds * sizeof(ulong))]
    public LastExtent Extent;

    private static readonly ReservedRegion Lines = ThreadSlots.ReserveLines();

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

    // SAFETY: there is a line for every slot, and the lines live as long as the process.
    public static ReaderSlot* At(int slot) => (ReaderSlot*)Lines.Base + slot;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ReaderSlot* Find() => mine = At(ThreadSlots.Mine);
}
