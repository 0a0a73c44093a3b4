using System.Runtime.CompilerServices;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>
/// The emulator's own design with nothing around it: a word a unit with a lock bit, an owner's word a unit, a translation a unit and area. With or
/// without a reference count a page.
/// </summary>
/// <remarks>
/// <para>
/// A translation is stored, and an entry made or taken out, by the owner of the entry's lock. Any thread may take a translation away. So where pages
/// are counted, a translation that is there is replaced by a compare-and-swap: it may go meanwhile, and its reference with it.
/// </para>
/// <para>
/// The reference is taken before the translation is stored and dropped after it is gone, so a count of 0 proves that no area shows the page, and a pin
/// could use the same count. What truncates waits for that.
/// </para>
/// </remarks>
/// <typeparam name="TCounts">Whether pages are counted.</typeparam>
internal sealed unsafe class FlatTable<TCounts> : IDisposable
    where TCounts : struct, IPageCounts
{
    private readonly AreaList areas = new();
    private readonly ReservedRegion memory;
    private readonly ulong* entries;
    private readonly ulong* owners;
    private readonly ulong* counts;
    private readonly ExtentSearch extents;
    private readonly long unitCount;
    private readonly int order;

    /// <summary>A file of so many units, none of which has an entry.</summary>
    /// <param name="unitCount">Its units.</param>
    /// <param name="order">log2 of the pages of a unit.</param>
    public FlatTable(long unitCount, int order)
    {
        this.unitCount = unitCount;
        this.order = order;

        // SAFETY: the arrays lie one after the other in the region, which holds exactly their sum.
        memory = ReservedRegion.Reserve((((TCounts.AreKept ? 3 : 2) * unitCount) + ExtentSearch.Count) * sizeof(ulong));
        entries = (ulong*)memory.Base;
        owners = entries + unitCount;
        var ends = (long*)(owners + unitCount);
        counts = owners + unitCount + ExtentSearch.Count;
        extents = new ExtentSearch(ends);
        extents.Fill(unitCount << order);
    }

    /// <summary>Maps the file.</summary>
    public DesignArea Map() => areas.Add(unitCount);

    /// <summary>Unmaps an area.</summary>
    public void Unmap(DesignArea area)
    {
        Zap(area, 0, unitCount);
        areas.Remove(area);
    }

    /// <summary>One fault.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fault(DesignArea area, long unit, bool isWrite, ref int extent)
    {
        ref ulong word = ref entries[unit];
        ulong entry = EntryWord.Lock(ref word);
        if (entry == 0)
        {
            entry = EntryWord.OfPlace(extents.FindPfn(unit << order, ref extent)) | EntryWord.Present;
            owners[unit] = EntryWord.OfPlace(unit) | EntryWord.Present; // the lock's owner alone writes it
        }

        ulong wanted = (entry & ~EntryWord.Dirty) | (isWrite ? EntryWord.Writable | EntryWord.Dirty : 0);
        entry |= isWrite ? EntryWord.Dirty : 0;
        Show(ref area.Words[unit], unit, wanted);
        EntryWord.Unlock(ref word, entry);
    }

    /// <summary>Takes translations away.</summary>
    public void Zap(DesignArea area, long first, long count)
    {
        ulong* words = area.Words;
        if (!TCounts.AreKept)
        {
            new Span<ulong>(words + first, checked((int)count)).Clear();
            return;
        }

        for (long unit = first; unit < first + count; unit++)
        {
            Hide(ref words[unit], unit);
        }
    }

    /// <summary>Takes units out.</summary>
    public void Truncate(long first, long count)
    {
        for (long unit = first; unit < first + count; unit++)
        {
            ref ulong word = ref entries[unit];
            if (Volatile.Read(ref word) == 0)
            {
                continue; // one that is made from now on counts as later
            }

            if (EntryWord.Lock(ref word) != 0)
            {
                foreach (DesignArea area in areas.All)
                {
                    Hide(ref area.Words[unit], unit);
                }

                AwaitIdle(unit);
                owners[unit] = 0;
            }

            EntryWord.Unlock(ref word, 0);
        }
    }

    /// <summary>Dirty units of a run.</summary>
    public long CountDirty(long first, long count)
    {
        long found = 0;
        for (long unit = first; unit < first + count; unit++)
        {
            found += (long)(entries[unit] / EntryWord.Dirty & 1);
        }

        return found;
    }

    /// <summary>What an access reaches.</summary>
    public static long? Translate(DesignArea area, long unit, bool isWrite)
    {
        ulong word = Volatile.Read(ref area.Words[unit]);
        return (word & (isWrite ? EntryWord.Writable : EntryWord.Present)) != 0 ? EntryWord.PlaceOf(word) : null;
    }

    /// <summary>The references of a unit; 0 where none are kept.</summary>
    public long ReferencesOf(long unit) => TCounts.AreKept ? (long)Volatile.Read(ref counts[unit]) : 0;

    /// <summary>The unit that a unit's owner word names; null if it names none.</summary>
    public long? OwnerOf(long unit) => Volatile.Read(ref owners[unit]) is var word && word != 0 ? EntryWord.PlaceOf(word) : null;

    public void Dispose()
    {
        areas.Dispose();
        memory.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Show(ref ulong translation, long unit, ulong wanted)
    {
        ulong seen = Volatile.Read(ref translation);
        if (!TCounts.AreKept)
        {
            if ((seen & wanted) != wanted)
            {
                Volatile.Write(ref translation, wanted);
            }

            return;
        }

        if (seen == 0)
        {
            Interlocked.Increment(ref counts[unit]);
            Volatile.Write(ref translation, wanted); // no other thread stores to an empty word
        }
        else if ((seen & wanted) != wanted && Interlocked.CompareExchange(ref translation, wanted, seen) != seen)
        {
            Show(ref translation, unit, wanted); // it has just gone, and its reference too
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Hide(ref ulong translation, long unit)
    {
        if (!TCounts.AreKept)
        {
            Volatile.Write(ref translation, 0);
        }
        else if (Volatile.Read(ref translation) != 0 && Interlocked.Exchange(ref translation, 0) != 0)
        {
            Interlocked.Decrement(ref counts[unit]);
        }
    }

    // Another thread may be between taking a translation away and dropping its reference.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AwaitIdle(long unit)
    {
        SpinWait wait = default;
        while (TCounts.AreKept && Volatile.Read(ref counts[unit]) != 0)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }
}
