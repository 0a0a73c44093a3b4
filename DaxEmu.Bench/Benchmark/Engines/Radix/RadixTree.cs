using System.Numerics;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines.Radix;

/// <summary>
/// The kernel's kind of index in user space: a 64-way tree with marks in every node and multi-index entries, in native memory. The
/// caller holds the mapping's lock for every call.
/// </summary>
internal sealed unsafe class RadixTree : IDisposable
{
    /// <summary>The bit that every entry has.</summary>
    public const ulong EntryTag = 1;

    private readonly ReservedRegion memory;
    private byte* free;
    private ulong root;
    private int rootShift = -RadixNode.SlotBits;

    /// <summary>A tree with space for the nodes of <paramref name="pageCapacity"/> pages, each with an entry of its own.</summary>
    public RadixTree(long pageCapacity)
    {
        long nodes = 8;
        for (long level = pageCapacity; level > 1; level = (level + RadixNode.SlotMask) / RadixNode.SlotCount)
        {
            nodes += (level + RadixNode.SlotMask) / RadixNode.SlotCount;
        }

        memory = ReservedRegion.Reserve(nodes * RadixNode.SizeBytes);
        memory.PreferHugePages();
        free = (byte*)memory.Base;
    }

    /// <summary>A place in the tree: the node and slot of an entry. What the kernel keeps in an <c>xa_state</c>.</summary>
    public struct Place
    {
        public RadixNode* Node;
        public int Slot;

        /// <summary>What the slot holds: an entry or 0.</summary>
        public ulong Entry;

        /// <summary>log2 of the pages that the slot stands for.</summary>
        public int Shift;
    }

    /// <summary>Walks down to the entry that covers <paramref name="index"/>, or to the empty slot where the walk ends.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Place Walk(long index)
    {
        Place place = default;
        place.Entry = root;
        place.Shift = rootShift + RadixNode.SlotBits;
        if (index >> place.Shift != 0)
        {
            return default; // beyond what the tree reaches so far
        }

        while (RadixNode.IsChild(place.Entry))
        {
            RadixNode* node = RadixNode.ToNode(place.Entry);
            int slot = (int)(index >> node->Shift) & RadixNode.SlotMask;
            ulong value = node->Slots[slot];
            Atomic.Plain(&node->Slots[slot], Site.ReadSlot, isWrite: false);
            if (RadixNode.IsSibling(value))
            {
                slot = RadixNode.CanonicalSlot(value);
                Atomic.Plain(&node->Slots[slot], Site.ReadSlot, isWrite: false);
                value = node->Slots[slot];
            }

            place = new Place { Node = node, Slot = slot, Entry = value, Shift = node->Shift };
        }

        return place;
    }

    /// <summary>The entry that covers <paramref name="index"/>, or 0.</summary>
    public ulong Load(long index) => Walk(index).Entry;

    /// <summary>The first entry in the 2^<paramref name="order"/> pages from <paramref name="index"/> on, or 0 (<c>xas_find_conflict</c>).</summary>
    public ulong FindConflict(long index, int order)
    {
        Place place = Walk(index);
        if (place.Entry != 0 || order == 0)
        {
            return place.Entry;
        }

        long end = index + (1L << order);
        for (long at = index; at < end;)
        {
            place = Walk(at);
            if (place.Entry != 0)
            {
                return place.Entry;
            }

            at = ((at >> place.Shift) + 1) << place.Shift;
        }

        return 0;
    }

    /// <summary>Replaces the entry at a place that holds one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Replace(in Place place, ulong entry)
    {
        Atomic.Plain(&place.Node->Slots[place.Slot], Site.ReplaceEntry, isWrite: true);
        place.Node->Slots[place.Slot] = entry;
    }

    /// <summary>Stores an entry for the 2^<paramref name="order"/> pages from <paramref name="index"/> on, which hold none.</summary>
    public void Store(long index, int order, ulong entry)
    {
        RadixNode* node = Descend(index, order);
        int slot = (int)(index >> node->Shift) & RadixNode.SlotMask;
        int siblings = 1 << (order - node->Shift);
        Atomic.Plain(&node->Slots[slot], Site.InsertEntry, isWrite: true);
        Atomic.Plain(&node->UsedSlots, Site.InsertEntry, isWrite: true);
        node->Slots[slot] = entry;
        for (int i = 1; i < siblings; i++)
        {
            node->Slots[slot + i] = RadixNode.Sibling(slot);
        }

        node->UsedSlots += siblings;
    }

    /// <summary>Sets the dirty mark of an entry and of every node above it, up to where it is set already (<c>xas_set_mark</c>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void MarkDirty(in Place place)
    {
        RadixNode* node = place.Node;
        int slot = place.Slot;
        while (node != null)
        {
            ulong bit = 1UL << slot;
            Atomic.Plain(&node->Dirty, Site.AnyDirty, (node->Dirty & bit) == 0);
            if ((node->Dirty & bit) != 0)
            {
                return;
            }

            node->Dirty |= bit;
            slot = node->OffsetInParent;
            node = node->Parent;
        }
    }

    /// <summary>Clears the dirty mark of an entry, and of every node above that has no other.</summary>
    public static void ClearDirty(in Place place)
    {
        RadixNode* node = place.Node;
        int slot = place.Slot;
        while (node != null)
        {
            node->Dirty &= ~(1UL << slot);
            if (node->Dirty != 0)
            {
                return;
            }

            slot = node->OffsetInParent;
            node = node->Parent;
        }
    }

    /// <summary>Whether the entry at a place is dirty.</summary>
    public static bool IsDirty(in Place place) => place.Node != null && (place.Node->Dirty >> place.Slot & 1) != 0;

    /// <summary>Whether anything is dirty.</summary>
    public bool HasDirty => RadixNode.IsChild(root) && RadixNode.ToNode(root)->Dirty != 0;

    /// <summary>Takes out the entry at a place; the node stays, as the table will be filled again.</summary>
    public static void Erase(in Place place)
    {
        RadixNode* node = place.Node;
        ClearDirty(place);
        node->Slots[place.Slot] = 0;
        node->UsedSlots--;
        for (int slot = place.Slot + 1; slot < RadixNode.SlotCount && node->Slots[slot] == RadixNode.Sibling(place.Slot); slot++)
        {
            node->Slots[slot] = 0;
            node->UsedSlots--;
        }
    }

    /// <summary>How many dirty entries begin in a run of pages: from mark to mark, as <c>xas_find_marked</c> goes.</summary>
    public long CountDirty(long first, long count) =>
        RadixNode.IsChild(root) ? CountDirty(RadixNode.ToNode(root), 0, first, first + count) : 0;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        for (byte* node = (byte*)memory.Base; node < free; node += RadixNode.SizeBytes)
        {
            new Span<byte>(node, RadixNode.SizeBytes).Clear();
        }

        free = (byte*)memory.Base;
        root = 0;
        rootShift = -RadixNode.SlotBits;
    }

    public void Dispose() => memory.Dispose();

    private static long CountDirty(RadixNode* node, long start, long first, long end)
    {
        long found = 0;
        for (ulong bits = node->Dirty; bits != 0; bits &= bits - 1)
        {
            int slot = BitOperations.TrailingZeroCount(bits);
            long at = start + ((long)slot << node->Shift);
            if (at >= end || at + (1L << node->Shift) <= first)
            {
                continue;
            }

            ulong value = node->Slots[slot];
            found += RadixNode.IsChild(value) ? CountDirty(RadixNode.ToNode(value), at, first, end) : at >= first ? 1 : 0;
        }

        return found;
    }

    /// <summary>Names the words of the nodes.</summary>
    public void NameLines(LineNames names, string file) =>
        names.Add((void*)memory.Base, (free - (byte*)memory.Base) / RadixNode.SizeBytes, RadixNode.SizeBytes, node => $"tree node {node} of {file}");

    // The node whose slots an entry of this order goes into, made on the way down where it is missing.
    private RadixNode* Descend(long index, int order)
    {
        int leafShift = order / RadixNode.SlotBits * RadixNode.SlotBits;
        Grow(index | ((1L << order) - 1), leafShift);
        RadixNode* node = RadixNode.ToNode(root);
        while (node->Shift > leafShift)
        {
            int slot = (int)(index >> node->Shift) & RadixNode.SlotMask;
            ulong child = node->Slots[slot];
            if (child == 0)
            {
                RadixNode* made = Make(node->Shift - RadixNode.SlotBits, node, slot);
                child = RadixNode.Child(made);
                node->Slots[slot] = child;
                node->UsedSlots++;
            }

            node = RadixNode.ToNode(child);
        }

        return node;
    }

    private void Grow(long lastIndex, int leafShift)
    {
        while (rootShift < leafShift || lastIndex >> (rootShift + RadixNode.SlotBits) != 0)
        {
            bool isFirst = root == 0;
            int shift = isFirst ? leafShift : rootShift + RadixNode.SlotBits;
            RadixNode* node = Make(shift, null, 0);
            if (!isFirst)
            {
                RadixNode* below = RadixNode.ToNode(root);
                node->Slots[0] = root;
                node->UsedSlots = 1;
                node->Dirty = below->Dirty != 0 ? 1UL : 0;
                below->Parent = node;
                below->OffsetInParent = 0;
            }

            root = RadixNode.Child(node);
            rootShift = shift;
        }
    }

    private RadixNode* Make(int shift, RadixNode* parent, int offset)
    {
        var node = (RadixNode*)free;
        free += RadixNode.SizeBytes;
        node->Shift = shift;
        node->Parent = parent;
        node->OffsetInParent = offset;
        return node;
    }
}
