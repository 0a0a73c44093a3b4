using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.BTree;

/// <summary>A copy-on-write B-tree on persistent memory: a batch of changes takes effect with one store to the root word.</summary>
/// <remarks>
/// A node that is in the tree is never changed: a change writes new nodes from the leaf up to the root, makes them durable, then the root
/// word, which is 8 aligned bytes and so all or nothing. The nodes that were replaced are free from then on and not earlier. Which nodes
/// are free is not stored: an opening finds out by walking the tree.
/// </remarks>
internal sealed class PersistentBTree
{
    private const int RootOffset = 0;
    private const int CountOffset = 8;
    private const int FirstNode = 128;
    private const int NodeBytes = 128;
    private const int NodeCount = 256;
    private const int MostKeys = 4;
    private const int HeadOffset = 0;
    private const int KeysOffset = 8;
    private const int SlotsOffset = KeysOffset + (MostKeys * Words.Bytes);
    private const int UsedBytes = SlotsOffset + ((MostKeys + 1) * Words.Bytes);
    private const ulong LeafBit = 1UL << 32;
    private const int None = 0;

    private readonly IPersistentMemory memory;
    private readonly BTreeBug bug;
    private readonly bool[] isUsed = new bool[NodeCount];
    private readonly List<int> replaced = [];
    private int root;
    private int nextFree = 1;

    private PersistentBTree(IPersistentMemory memory, BTreeBug bug)
    {
        this.memory = memory;
        this.bug = bug;
    }

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>Makes memory an empty tree.</summary>
    public static void Format(IPersistentMemory memory)
    {
        memory.Store(0, new byte[FirstNode]);
        memory.Persist(0, FirstNode);
    }

    /// <summary>Opens a tree: walks it, to know which nodes are free.</summary>
    public static PersistentBTree Open(IPersistentMemory memory, BTreeBug bug = BTreeBug.None)
    {
        var tree = new PersistentBTree(memory, bug) { root = (int)memory.ReadWord(RootOffset) };
        tree.isUsed[None] = true;
        tree.Count = tree.Walk(tree.root, 0);
        tree.Count = bug == BTreeBug.CountBeforeRoot ? (int)memory.ReadWord(CountOffset) : tree.Count;
        return tree;
    }

    /// <summary>The tree as the next opening finds it.</summary>
    public PersistentBTree Reopen() => Open(memory, bug);

    /// <summary>The value of a key; 0 if there is none.</summary>
    public ulong Get(ulong key)
    {
        int node = root;
        while (node != None)
        {
            ulong head = memory.ReadWord(At(node, HeadOffset));
            int place = PlaceOf(node, (int)(uint)head, key);
            if ((head & LeafBit) != 0)
            {
                return place < (int)(uint)head && KeyAt(node, place) == key ? SlotAt(node, place) : 0;
            }

            place += place < (int)(uint)head && KeyAt(node, place) == key ? 1 : 0;
            node = (int)SlotAt(node, place);
        }

        return 0;
    }

    /// <summary>Gives keys values, or takes keys away whose value is 0. Durable when it returns; before, all of it is there or none.</summary>
    public void Apply(params ReadOnlySpan<(ulong Key, ulong Value)> changes)
    {
        if (bug == BTreeBug.InPlaceInsert && changes.Length == 1 && TryInPlace(changes[0].Key, changes[0].Value))
        {
            return;
        }

        int newRoot = root;
        foreach ((ulong key, ulong value) in changes)
        {
            newRoot = Change(newRoot, key, value);
        }

        if (bug == BTreeBug.CountBeforeRoot)
        {
            memory.PersistWord(CountOffset, (ulong)Count);
        }

        if (bug != BTreeBug.MissingFence && bug != BTreeBug.RootBeforeNodes)
        {
            memory.Drain();
        }

        memory.StoreWord(RootOffset, (ulong)newRoot);
        memory.Persist(RootOffset, Words.Bytes);
        root = newRoot;
        Release();
    }

    private static long At(int node, int offset) => FirstNode + ((long)node * NodeBytes) + offset;

    private ulong KeyAt(int node, int place) => memory.ReadWord(At(node, KeysOffset + (place * Words.Bytes)));

    private ulong SlotAt(int node, int place) => memory.ReadWord(At(node, SlotsOffset + (place * Words.Bytes)));

    // The first place whose key is not below.
    private int PlaceOf(int node, int count, ulong key)
    {
        int place = 0;
        while (place < count && KeyAt(node, place) < key)
        {
            place++;
        }

        return place;
    }

    // A new root with the change; it and all that is new below it are flushed.
    private int Change(int top, ulong key, ulong value)
    {
        if (top == None)
        {
            Count += value != 0 ? 1 : 0;
            return value == 0 ? None : Write(isLeaf: true, [key], [value]);
        }

        (int left, ulong middle, int right) = ChangeBelow(top, key, value);
        return right == None ? left : Write(isLeaf: false, [middle], [(ulong)left, (ulong)right]);
    }

    private (int Left, ulong Middle, int Right) ChangeBelow(int node, ulong key, ulong value)
    {
        ulong head = memory.ReadWord(At(node, HeadOffset));
        bool isLeaf = (head & LeafBit) != 0;
        List<ulong> keys = [.. Enumerable.Range(0, (int)(uint)head).Select(i => KeyAt(node, i))];
        List<ulong> slots = [.. Enumerable.Range(0, keys.Count + (isLeaf ? 0 : 1)).Select(i => SlotAt(node, i))];
        int place = PlaceOf(node, keys.Count, key);
        bool isThere = place < keys.Count && keys[place] == key;
        if (isLeaf)
        {
            ChangeLeaf(keys, slots, place, isThere, key, value);
        }
        else
        {
            place += isThere ? 1 : 0;
            (int left, ulong middle, int right) = ChangeBelow((int)slots[place], key, value);
            slots[place] = (ulong)left;
            if (right != None)
            {
                keys.Insert(place, middle);
                slots.Insert(place + 1, (ulong)right);
            }
        }

        Replace(node);
        if (keys.Count <= MostKeys)
        {
            return (Write(isLeaf, keys, slots), 0, None);
        }

        int half = keys.Count / 2;
        int first = isLeaf ? half : half + 1;
        int leftNode = Write(isLeaf, keys[..half], slots[..first]);
        return (leftNode, keys[half], Write(isLeaf, keys[first..], slots[first..]));
    }

    private void ChangeLeaf(List<ulong> keys, List<ulong> values, int place, bool isThere, ulong key, ulong value)
    {
        if (isThere && value == 0)
        {
            keys.RemoveAt(place);
            values.RemoveAt(place);
            Count--;
        }
        else if (isThere)
        {
            values[place] = value;
        }
        else if (value != 0)
        {
            keys.Insert(place, key);
            values.Insert(place, value);
            Count++;
        }
    }

    private int Write(bool isLeaf, List<ulong> keys, List<ulong> slots)
    {
        int node = Allocate();
        Span<ulong> words = stackalloc ulong[UsedBytes / Words.Bytes];
        words.Clear();
        words[0] = (uint)keys.Count | (isLeaf ? LeafBit : 0);
        for (int i = 0; i < keys.Count; i++)
        {
            words[(KeysOffset / Words.Bytes) + i] = keys[i];
        }

        for (int i = 0; i < slots.Count; i++)
        {
            words[(SlotsOffset / Words.Bytes) + i] = slots[i];
        }

        ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(words);
        if (bug == BTreeBug.MissingFlush && isLeaf)
        {
            memory.StoreRaw(At(node, 0), bytes);
            return node;
        }

        memory.Store(At(node, 0), bytes);
        if (bug != BTreeBug.RootBeforeNodes)
        {
            memory.Flush(At(node, 0), UsedBytes);
        }

        return node;
    }

    private int Allocate()
    {
        for (int i = 0; i < NodeCount; i++)
        {
            int node = (nextFree + i) % NodeCount;
            if (!isUsed[node])
            {
                isUsed[node] = true;
                nextFree = bug == BTreeBug.ReusedEarly ? 1 : (node + 1) % NodeCount;
                return node;
            }
        }

        throw new InvalidOperationException($"the tree is full: it has {NodeCount} nodes.");
    }

    private void Replace(int node)
    {
        if (bug == BTreeBug.ReusedEarly)
        {
            isUsed[node] = false;
        }
        else
        {
            replaced.Add(node);
        }
    }

    private void Release()
    {
        if (bug == BTreeBug.RootBeforeNodes)
        {
            memory.Persist(FirstNode, NodeCount * NodeBytes);
        }

        replaced.ForEach(n => isUsed[n] = false);
        replaced.Clear();
    }

    private int Walk(int node, int depth)
    {
        if (node == None && depth == 0)
        {
            return 0;
        }

        if (node < 0 || node >= NodeCount || isUsed[node] || depth > NodeCount)
        {
            throw new InvalidDataException($"the tree is damaged: node {node} is not one, or is there twice.");
        }

        isUsed[node] = true;
        ulong head = memory.ReadWord(At(node, HeadOffset));
        int count = (int)(uint)head;
        if (count > MostKeys)
        {
            throw new InvalidDataException($"the tree is damaged: node {node} has {count} keys.");
        }

        if ((head & LeafBit) != 0)
        {
            return count;
        }

        int keys = 0;
        for (int i = 0; i <= count; i++)
        {
            keys += Walk((int)SlotAt(node, i), depth + 1);
        }

        return keys;
    }

    private bool TryInPlace(ulong key, ulong value)
    {
        int node = root;
        while (node != None && (memory.ReadWord(At(node, HeadOffset)) & LeafBit) == 0)
        {
            int below = PlaceOf(node, (int)(uint)memory.ReadWord(At(node, HeadOffset)), key);
            node = (int)SlotAt(node, below);
        }

        ulong head = node == None ? 0 : memory.ReadWord(At(node, HeadOffset));
        int count = (int)(uint)head;
        int place = node == None ? 0 : PlaceOf(node, count, key);
        if (node == None || value == 0 || count == MostKeys || (place < count && KeyAt(node, place) == key))
        {
            return false;
        }

        for (int i = count; i > place; i--)
        {
            memory.StoreWord(At(node, KeysOffset + (i * Words.Bytes)), KeyAt(node, i - 1));
            memory.StoreWord(At(node, SlotsOffset + (i * Words.Bytes)), SlotAt(node, i - 1));
        }

        memory.StoreWord(At(node, KeysOffset + (place * Words.Bytes)), key);
        memory.StoreWord(At(node, SlotsOffset + (place * Words.Bytes)), value);
        memory.StoreWord(At(node, HeadOffset), head + 1);
        memory.Persist(At(node, 0), UsedBytes);
        Count++;
        return true;
    }
}
