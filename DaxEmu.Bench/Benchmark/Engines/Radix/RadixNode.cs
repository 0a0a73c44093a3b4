using System.Runtime.InteropServices;

namespace DaxEmu.Bench.Benchmark.Engines.Radix;

/// <summary>A node of the tree: 64 slots, two mark words, and where it hangs. 576 bytes, as the kernel's.</summary>
/// <remarks>
/// A slot holds 0, an entry (bit 0 set), a child (bits 10), or a sibling marker (bits 10 and a small number: the slot that really holds the
/// multi-index entry).
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
internal unsafe struct RadixNode
{
    public const int SizeBytes = 576;
    public const int SlotCount = 64;
    public const int SlotBits = 6;
    public const int SlotMask = SlotCount - 1;
    private const ulong InternalTag = 2;
    private const ulong TagMask = 3;

    [FieldOffset(0)]
    public fixed ulong Slots[SlotCount];

    [FieldOffset(512)]
    public ulong Dirty;

    [FieldOffset(520)]
    public ulong Towrite;

    [FieldOffset(528)]
    public RadixNode* Parent;

    [FieldOffset(536)]
    public int OffsetInParent;

    [FieldOffset(540)]
    public int Shift;

    [FieldOffset(544)]
    public int UsedSlots;

    public static bool IsSibling(ulong slot) => (slot & TagMask) == InternalTag && slot < (SlotCount << 2);

    public static bool IsChild(ulong slot) => (slot & TagMask) == InternalTag && slot >= (SlotCount << 2);

    public static ulong Sibling(int canonicalSlot) => ((ulong)canonicalSlot << 2) | InternalTag;

    public static int CanonicalSlot(ulong sibling) => (int)(sibling >> 2);

    public static ulong Child(RadixNode* node) => (ulong)node | InternalTag;

    public static RadixNode* ToNode(ulong child) => (RadixNode*)(child & ~TagMask);
}
