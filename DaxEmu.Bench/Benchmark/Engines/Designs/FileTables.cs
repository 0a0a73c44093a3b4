using System.Runtime.CompilerServices;
using DaxEmu.Core;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>
/// The idea of DaxVM: the translations of each 2 MiB are the file's, made once and kept; an area shows them all by one store of where they are. What
/// is said of an area's rights and of dirt is said of the whole 2 MiB.
/// </summary>
/// <remarks>
/// <para>
/// A 2 MiB has one word with a lock bit. Its owner makes or empties translations in the file's table, and stores the area's word; any thread may
/// take an area's word away. Truncate takes it away in every area, also where only a part of the 2 MiB goes: areas share the table, and could
/// not be told what has gone.
/// </para>
/// <para>The tables would lie on the device and outlive the file's closing; here they are in memory.</para>
/// </remarks>
internal sealed unsafe class FileTables : IDisposable
{
    private const int Pages = DaxConstants.PagesPerPmd;

    private readonly AreaList areas = new();
    private readonly ReservedRegion memory;
    private readonly ulong* tables;
    private readonly ulong* regions;
    private readonly ExtentSearch extents;
    private readonly long regionCount;
    private readonly bool isHuge;

    /// <summary>A file of so many units, none of which has a translation.</summary>
    /// <param name="unitCount">Its units: whole 2 MiB of pages, or 2 MiB each.</param>
    /// <param name="order">log2 of the pages of a unit.</param>
    public FileTables(long unitCount, int order)
    {
        isHuge = order != 0;
        regionCount = isHuge ? unitCount : (unitCount + Pages - 1) / Pages;

        // SAFETY: the arrays lie one after the other in the region, which holds exactly their sum.
        memory = ReservedRegion.Reserve(((isHuge ? 1 : Pages + 1) * regionCount + ExtentSearch.Count) * sizeof(ulong));
        tables = (ulong*)memory.Base;
        regions = isHuge ? tables : tables + (regionCount * Pages);
        extents = new ExtentSearch((long*)(regions + regionCount));
        extents.Fill(unitCount << order);
    }

    /// <summary>How many units a fault makes accessible.</summary>
    public long UnitsPerFault => isHuge ? 1 : Pages;

    /// <summary>Maps the file.</summary>
    public DesignArea Map() => areas.Add(regionCount);

    /// <summary>Unmaps an area.</summary>
    public void Unmap(DesignArea area)
    {
        new Span<ulong>(area.Words, checked((int)regionCount)).Clear();
        areas.Remove(area);
    }

    /// <summary>An access: a fault where the area does not show the 2 MiB with this right, or the page has no translation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fault(DesignArea area, long unit, bool isWrite, ref int extent)
    {
        ulong needed = isWrite ? EntryWord.Present | EntryWord.Writable : EntryWord.Present;
        if ((Volatile.Read(ref area.Words[RegionOf(unit)]) & needed) != needed || (!isHuge && Volatile.Read(ref tables[unit]) == 0))
        {
            Attach(area, unit, needed, ref extent);
        }
    }

    /// <summary>Takes whole 2 MiB away from an area.</summary>
    public void Zap(DesignArea area, long first, long count)
    {
        long region = RegionOf(first);
        new Span<ulong>(area.Words + region, checked((int)(RegionOf(first + count - 1) - region + 1))).Clear();
    }

    /// <summary>Takes units out.</summary>
    public void Truncate(long first, long count)
    {
        for (long region = RegionOf(first); region <= RegionOf(first + count - 1); region++)
        {
            ref ulong word = ref regions[region];
            if (Volatile.Read(ref word) == 0)
            {
                continue; // one that is made from now on counts as later
            }

            ulong entry = EntryWord.Lock(ref word);
            foreach (DesignArea area in areas.All)
            {
                Volatile.Write(ref area.Words[region], 0);
            }

            EntryWord.Unlock(ref word, isHuge || !KeepsRest(region, first, first + count) ? 0 : entry);
        }
    }

    /// <summary>Units of a run that lie in a dirty 2 MiB.</summary>
    public long CountDirty(long first, long count)
    {
        long found = 0;
        for (long region = RegionOf(first); region <= RegionOf(first + count - 1); region++)
        {
            if ((Volatile.Read(ref regions[region]) & EntryWord.Dirty) != 0)
            {
                long start = Math.Max(first, region * UnitsPerFault);
                found += Math.Min(first + count, (region + 1) * UnitsPerFault) - start;
            }
        }

        return found;
    }

    /// <summary>What an access reaches.</summary>
    public long? Translate(DesignArea area, long unit, bool isWrite)
    {
        ulong word = Volatile.Read(ref area.Words[RegionOf(unit)]);
        if ((word & (isWrite ? EntryWord.Writable : EntryWord.Present)) == 0)
        {
            return null;
        }

        ulong translation = isHuge ? word : Volatile.Read(ref tables[unit]);
        return translation == 0 ? null : EntryWord.PlaceOf(translation);
    }

    public void Dispose()
    {
        areas.Dispose();
        memory.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private long RegionOf(long unit) => isHuge ? unit : unit / Pages;

    // The table first, then the area's word that leads there, then the lock.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Attach(DesignArea area, long unit, ulong rights, ref int extent)
    {
        long region = RegionOf(unit);
        ref ulong word = ref regions[region];
        ulong entry = EntryWord.Lock(ref word);
        if (entry == 0)
        {
            entry = EntryWord.OfPlace(isHuge ? extents.FindPfn(unit * Pages, ref extent) : region) | EntryWord.Present;
            FillTable(region, ref extent);
        }
        else if (!isHuge && tables[unit] == 0)
        {
            Volatile.Write(ref tables[unit], Translation(unit, ref extent));
        }

        entry |= (rights & EntryWord.Writable) != 0 ? EntryWord.Dirty : 0;
        ulong shown = Volatile.Read(ref area.Words[region]);
        Volatile.Write(ref area.Words[region], (entry & ~EntryWord.Dirty) | rights | (shown & EntryWord.Writable));
        EntryWord.Unlock(ref word, entry);
    }

    private void FillTable(long region, ref int extent)
    {
        for (long page = region * Pages; !isHuge && page < (region + 1) * Pages; page++)
        {
            tables[page] = Translation(page, ref extent);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Translation(long page, ref int extent) => EntryWord.OfPlace(extents.FindPfn(page, ref extent)) | EntryWord.Present;

    // Empties the part of a 2 MiB that lies in a run of pages; says whether anything is left of it.
    private bool KeepsRest(long region, long first, long end)
    {
        long start = Math.Max(first, region * Pages);
        var gone = new Span<ulong>(tables + start, (int)(Math.Min(end, (region + 1) * Pages) - start));
        gone.Clear();
        return gone.Length < Pages && new ReadOnlySpan<ulong>(tables + (region * Pages), Pages).ContainsAnyExcept(0UL);
    }
}
