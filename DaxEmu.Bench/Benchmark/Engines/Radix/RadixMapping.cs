using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines.Radix;

/// <summary>
/// A file's entries in the kernel's own design: one spin lock for all of them, and three locked sections per fault - grab the entry, insert
/// and mark it, unlock it - each with a walk of the tree, then a look at the hashed wait queue. What a fault does between them, asking an
/// extent map for the page frame and storing the translation, is as in the emulator.
/// </summary>
internal sealed unsafe class RadixMapping : IDisposable
{
    private const ulong LockedBit = 2;
    private const ulong PmdBit = 4;
    private const ulong EmptyBit = 8;
    private const int PfnShift = 8;
    private const int WaitQueues = 4096;
    private const int ExtentCount = 64;
    private const int LineBytes = 128;

    private readonly RadixTree tree;
    private readonly ReservedRegion lines;
    private readonly ulong* gate;
    private readonly ulong* waitQueues;
    private readonly ReservedRegion pageTable;
    private readonly ulong* translations;
    private readonly long* extentEnds;
    private readonly long pageCount;

    public RadixMapping(long pageCount)
    {
        this.pageCount = pageCount;
        tree = new RadixTree(pageCount);
        lines = ReservedRegion.Reserve(LineBytes + (WaitQueues * 2 * sizeof(ulong)) + (ExtentCount * sizeof(long)) + LineBytes);
        gate = (ulong*)lines.Base;
        waitQueues = (ulong*)(lines.Base + LineBytes);
        extentEnds = (long*)(waitQueues + (WaitQueues * 2));
        for (int i = 0; i < ExtentCount; i++)
        {
            extentEnds[i] = Math.Max(1, pageCount * (i + 1) / ExtentCount);
        }

        for (int i = 0; i < WaitQueues; i++)
        {
            waitQueues[i * 2] = (ulong)(waitQueues + (i * 2)); // an empty list points at itself
        }

        pageTable = ReservedRegion.Reserve(pageCount * sizeof(ulong));
        translations = (ulong*)pageTable.Base;
    }

    /// <summary>What a thread remembers between its faults: the extent that it hit last.</summary>
    public struct Cursor
    {
        public int Extent;
    }

    /// <summary>One fault, start to end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fault(long page, int order, bool isWrite, ref Cursor cursor)
    {
        ulong entry = Grab(page, order);
        long pfn = FindPfn(page, ref cursor);
        entry = Insert(page, entry, pfn, order, isWrite);
        Atomic.Plain(&translations[page >> order], Site.WriteTranslation, isWrite: true);
        translations[page >> order] = ((ulong)pfn << 12) | (isWrite ? 7UL : 1UL);
        Unlock(page, entry);
        LookForWaiters(page, order);
    }

    /// <summary>The translations, a word a page or a word a 2 MiB.</summary>
    public ReadOnlySpan<ulong> Translations => new(translations, checked((int)pageCount));

    /// <summary>Its pages.</summary>
    public long PageCount => pageCount;

    /// <summary>Clears the translations of a run of pages.</summary>
    public void Zap(long first, long count, int order) => new Span<ulong>(translations + (first >> order), checked((int)(count >> order))).Clear();

    /// <summary>Takes the translations and the entries of a run of pages out: the lock and a walk for each entry, as <c>dax_delete_mapping_entry</c>.</summary>
    public void Truncate(long first, long count, int order)
    {
        Zap(first, count, order);
        for (long page = first; page < first + count; page += 1L << order)
        {
            Enter();
            RadixTree.Place place = tree.Walk(page);
            while ((place.Entry & LockedBit) != 0)
            {
                Leave();
                Thread.Yield();
                Enter();
                place = tree.Walk(page);
            }

            if (place.Entry != 0)
            {
                RadixTree.Erase(place);
            }

            Leave();
            LookForWaiters(page, order);
        }
    }

    /// <summary>Whether an entry covers a page.</summary>
    public bool Contains(long page) => tree.Load(page) != 0;

    /// <summary>How many dirty entries begin in a run of pages, under the lock.</summary>
    public long CountDirty(long first, long count)
    {
        Enter();
        long found = tree.CountDirty(first, count);
        Leave();
        return found;
    }

    /// <summary>Takes every entry out; the memory stays.</summary>
    /// <param name="order">The order of its entries.</param>
    public void Empty(int order)
    {
        Zap(0, pageCount, order);
        tree.Clear();
    }

    /// <summary>Names everything that threads share in it.</summary>
    public void NameLines(LineNames names, string file)
    {
        tree.NameLines(names, file);
        names.Add(gate, $"lock of {file}");
        names.Add(waitQueues, WaitQueues, 2 * sizeof(ulong), queue => $"wait queue {queue} of {file}");
        names.Add(translations, pageCount, sizeof(ulong), page => $"translation {page} of {file}");
    }

    public void Dispose()
    {
        tree.Dispose();
        lines.Dispose();
        pageTable.Dispose();
    }

    // Section 1: find the entry and lock it, or store a locked placeholder.
    private ulong Grab(long page, int order)
    {
        while (true)
        {
            Enter();
            RadixTree.Place place = tree.Walk(page);
            ulong entry = place.Entry;
            if (entry == 0)
            {
                ulong placeholder = RadixTree.EntryTag | EmptyBit | (order == 0 ? 0 : PmdBit);
                if (tree.FindConflict(page, order) == 0)
                {
                    tree.Store(page, order, placeholder | LockedBit);
                    Leave();
                    return placeholder;
                }
            }
            else if ((entry & LockedBit) == 0)
            {
                RadixTree.Replace(place, entry | LockedBit);
                Leave();
                return entry;
            }

            Leave();
            Thread.Yield();
        }
    }

    // Section 2: make a placeholder real, and mark it.
    private ulong Insert(long page, ulong entry, long pfn, int order, bool isWrite)
    {
        Enter();
        RadixTree.Place place = tree.Walk(page);
        if ((entry & EmptyBit) != 0)
        {
            entry = ((ulong)pfn << PfnShift) | RadixTree.EntryTag | (order == 0 ? 0 : PmdBit);
            RadixTree.Replace(place, entry | LockedBit);
        }

        if (isWrite)
        {
            RadixTree.MarkDirty(place);
        }

        Leave();
        return entry;
    }

    // Section 3: store the entry without its lock.
    private void Unlock(long page, ulong entry)
    {
        Enter();
        RadixTree.Replace(tree.Walk(page), entry);
        Leave();
    }

    private void LookForWaiters(long page, int order)
    {
        ulong key = (ulong)(page >> order << order) ^ (ulong)lines.Base;
        ulong* queue = waitQueues + ((key * 0x9E3779B97F4A7C15UL >> 52) * 2);
        Atomic.Plain(queue, Site.ReadWaiters, isWrite: false);
        if (*queue != (ulong)queue)
        {
            throw new InvalidOperationException("no thread sleeps in the baseline");
        }
    }

    // The last extent first, then a binary search: 64 extents, as in the measurements that the design rests on.
    private long FindPfn(long page, ref Cursor cursor)
    {
        int last = cursor.Extent;
        if (page < extentEnds[last] && (last == 0 || page >= extentEnds[last - 1]))
        {
            return page;
        }

        int low = 0;
        int high = ExtentCount - 1;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (page < extentEnds[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        cursor.Extent = low;
        return page;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Enter()
    {
        while (Atomic.CompareExchange(ref *gate, 1, 0, Site.LockEntry) != 0)
        {
            AwaitGate();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Leave() => Atomic.Store(ref *gate, 0, Site.UnlockEntry);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AwaitGate()
    {
        int spins = 0;
        while (Atomic.Load(ref *gate, Site.LockEntry) != 0)
        {
            if (++spins < 1000)
            {
                Thread.SpinWait(1);
            }
            else
            {
                Thread.Yield();
            }
        }
    }
}
