using System.Numerics;
using System.Runtime.CompilerServices;
using DaxEmu.Native;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Pmem;

/// <summary>Which pages of a device were stored to by whatever pointer, and were not dealt with since.</summary>
/// <remarks>
/// <para>
/// The kernel forgets what a scan reports, so the report is kept here, a bit a page, until the page is dirty in its file or flushed. A
/// bit is set under the gate that the scan runs under: of two syncs of a file, the one that scans second finds the bits of the first. A bit
/// is cleared only when the entry is dirty, or the page is flushed and drained: a sync that finds it clear leaves nothing behind.
/// </para>
/// <para>
/// <b>Races.</b> A store beside a scan is in one of two states when the scan returns (<see cref="WriteTracker"/>): it is visible, and its
/// page reported, so the flush that follows takes it along; or it has met the protection, and the next scan reports it. The flush comes
/// after the scan, never before.
/// </para>
/// <para>
/// <b>Strict.</b> A second bit says that a store may be a raw one. Stores of the emulator itself are bracketed by two scans
/// (<see cref="OwnStore"/>), so that what they make the kernel report sets no such bit; they run one at a time for that. Each page has the last
/// <see cref="Revocation"/>. Whether a raw store was legal is for the file to say: by whether its entry was dirty.
/// </para>
/// </remarks>
internal sealed class StoreTracker : IDisposable
{
    // Between two runs that are this close, scanning on is cheaper than a second call.
    private const long MostGapPages = 256;

    private readonly Lock gate = new();
    private readonly WriteTracker kernel;
    private readonly Lazy<PageOwners> owners;
    private readonly PfnRange all;
    private readonly ulong[] written;
    private readonly ulong[] raw;
    private readonly Revocation?[] revocations;
    private readonly Action<long, long> noteRaw;
    private readonly Action<long, long> noteOwn;
    private readonly List<RawStoreViolation> violations = [];
    private readonly List<(long MappingId, RawStoreViolation Violation)> unreported = [];
    private long operations;
    private bool isDisposed;

    private StoreTracker(WriteTracker kernel, long pageCount, bool isStrict, Lazy<PageOwners> owners)
    {
        this.kernel = kernel;
        this.owners = owners;
        IsStrict = isStrict;
        all = new PfnRange(new Pfn(0), pageCount);
        written = new ulong[(pageCount + 63) >> 6];
        raw = isStrict ? new ulong[written.Length] : [];
        revocations = isStrict ? new Revocation?[pageCount] : [];
        noteRaw = (offset, length) => Note(Pages(offset, length), isRaw: IsStrict);
        noteOwn = (offset, length) => Note(Pages(offset, length), isRaw: false);
    }

    /// <summary>Whether stores against the rules are reported.</summary>
    public bool IsStrict { get; }

    /// <summary>Refuses a wish that this kernel does not fulfil, before anything is opened or made.</summary>
    /// <exception cref="DaxEnvironmentException">It does not; the message says what is missing.</exception>
    public static void RequireSupport(StoreTracking wanted)
    {
        if (wanted is not (StoreTracking.None or StoreTracking.Track or StoreTracking.Strict))
        {
            throw new ArgumentOutOfRangeException(nameof(wanted), $"There is no tracking of stores {(int)wanted}.");
        }

        if (wanted != StoreTracking.None)
        {
            WriteTracker.RequireSupport();
        }
    }

    /// <summary>Tracks a device's mapping, if that is wanted; null if not.</summary>
    /// <param name="region">The mapping.</param>
    /// <param name="wanted">Whether, and how.</param>
    /// <param name="owners">Which pages entries hold, and which are pinned.</param>
    /// <exception cref="DaxEnvironmentException">The kernel refuses.</exception>
    public static StoreTracker? Begin(MappedRegion region, StoreTracking wanted, Lazy<PageOwners> owners) => wanted == StoreTracking.None
        ? null
        : new StoreTracker(WriteTracker.Begin(region), region.LengthBytes >> DaxConstants.PageShift, wanted == StoreTracking.Strict, owners);

    /// <summary>Asks the kernel about runs of pages and keeps the answer; in strict mode about the whole device.</summary>
    public void Look(IReadOnlyList<PfnRange> runs)
    {
        lock (gate)
        {
            if (IsStrict)
            {
                Scan(all, noteRaw);
                return;
            }

            PfnRange next = default;
            foreach (PfnRange run in runs.OrderBy(r => r.First.Value))
            {
                if (!next.IsEmpty && run.First.Value - next.End.Value <= MostGapPages)
                {
                    next = new PfnRange(next.First, Math.Max(next.End.Value, run.End.Value) - next.First.Value);
                    continue;
                }

                Scan(next, noteRaw);
                next = run;
            }

            Scan(next, noteRaw);
        }
    }

    /// <summary>The first page of a run that was stored to; null if none was, as far as it was looked at.</summary>
    public Pfn? FirstWritten(PfnRange run)
    {
        lock (gate)
        {
            return First(written, run);
        }
    }

    /// <summary>Pages are dealt with: dirty in their file, or flushed and drained.</summary>
    public void Settle(PfnRange run)
    {
        lock (gate)
        {
            Clear(run);
        }
    }

    /// <summary>Makes pages durable that no entry shows, and settles them.</summary>
    /// <remarks>Under the gate: a report that came between the flush and the settling would be dropped with a store that the flush has not seen.</remarks>
    /// <returns>False if the storage failed for one of them; it is found again.</returns>
    public bool TryFlush(PmemDevice device, IReadOnlyList<Pfn> pages)
    {
        lock (gate)
        {
            List<Pfn> flushed = [];
            foreach (Pfn pfn in pages)
            {
                try
                {
                    device.FlushUnchecked(pfn.OffsetBytes, DaxConstants.PageSize);
                    flushed.Add(pfn);
                }
                catch (DaxEnvironmentException)
                {
                    // The storage refused it. The bit stays.
                }
            }

            device.DrainUnchecked();
            flushed.ForEach(pfn => Clear(new PfnRange(pfn, 1)));
            return flushed.Count == pages.Count;
        }
    }

    /// <summary>A name for an operation: the next number on this device, in words.</summary>
    public string Number(string operation, string file)
    {
        lock (gate)
        {
            return $"{operation} {++operations} of {file}";
        }
    }

    /// <summary>Reports the raw stores to pages that a file shows and that were not dirty, but for pinned ones.</summary>
    /// <param name="run">The device pages.</param>
    /// <param name="mappingId">The file's mapping.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="start">The page in the file behind the first of them.</param>
    public void Report(PfnRange run, long mappingId, string file, PageIndex start)
    {
        lock (gate)
        {
            ReportHeld(run, mappingId, file, start);
        }
    }

    /// <summary>From now on stores through earlier spans to these pages are illegal.</summary>
    /// <param name="pageCount">How many pages, from the revocation's first one.</param>
    /// <param name="revocation">By what.</param>
    /// <param name="wasLegal">Whether stores up to now were legal; else those that are found are reported.</param>
    public void Revoke(long pageCount, Revocation revocation, bool wasLegal)
    {
        var run = new PfnRange(revocation.First, pageCount);
        lock (gate)
        {
            Scan(run, noteRaw);
            if (!wasLegal)
            {
                ReportHeld(run, revocation.MappingId, revocation.File, revocation.Start);
            }

            // What was stored before a writeback is in its flush; of a page that is taken away a flush may still have to come.
            ClearBits(raw, run);
            if (revocation.Cause == RawStoreCause.WrittenBack)
            {
                ClearBits(written, run);
            }

            Array.Fill(revocations, revocation, (int)run.First.Value, (int)run.PageCount);
        }
    }

    /// <summary>Stores up to now to these pages are legal: they were made under a pin, and are flushed.</summary>
    public void Accept(PfnRange run)
    {
        lock (gate)
        {
            Scan(run, noteOwn);
            ClearBits(raw, run);
        }
    }

    /// <summary>Looks for stores to pages that were taken away and that no file has mapped since.</summary>
    public void FindOrphans()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            Scan(all, noteRaw);
            ReportOrphans(all);
        }
    }

    /// <summary>What was found and not reported yet, of a file or of none.</summary>
    public IReadOnlyList<RawStoreViolation> Take(long mappingId)
    {
        lock (gate)
        {
            ReportOrphans(all);
            RawStoreViolation[] found = [.. unreported.Where(v => v.MappingId == mappingId || v.MappingId == 0).Select(v => v.Violation)];
            unreported.RemoveAll(v => v.MappingId == mappingId || v.MappingId == 0);
            return found;
        }
    }

    /// <summary>All that was found. What belongs to no file needs no other report now.</summary>
    public IReadOnlyList<RawStoreViolation> Violations()
    {
        lock (gate)
        {
            unreported.RemoveAll(v => v.MappingId == 0);
            return [.. violations];
        }
    }

    /// <summary>Ends the tracking.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            kernel.Dispose();
        }
    }

    private static PfnRange Pages(long offsetBytes, long lengthBytes) =>
        new(new Pfn(offsetBytes >> DaxConstants.PageShift), lengthBytes >> DaxConstants.PageShift);

    private static Pfn? First(ulong[] bits, PfnRange run)
    {
        for (long page = run.First.Value; page < run.End.Value; page = (page | 63) + 1)
        {
            ulong word = bits[page >> 6] >> (int)(page & 63);
            if (word != 0)
            {
                long found = page + BitOperations.TrailingZeroCount(word);
                return found < run.End.Value ? new Pfn(found) : null;
            }
        }

        return null;
    }

    // Bits may be cleared meanwhile.
    private static IEnumerable<Pfn> Each(ulong[] bits, PfnRange run)
    {
        while (First(bits, run) is { } pfn)
        {
            yield return pfn;
            run = new PfnRange(pfn + 1, run.End.Value - pfn.Value - 1);
        }
    }

    private static void ClearBits(ulong[] bits, PfnRange run)
    {
        foreach (Pfn pfn in Each(bits, run))
        {
            bits[pfn.Value >> 6] &= ~(1UL << (int)(pfn.Value & 63));
        }
    }

    private void Scan(PfnRange run, Action<long, long> note)
    {
        if (!run.IsEmpty)
        {
            kernel.Scan(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift, note);
        }
    }

    private void Note(PfnRange run, bool isRaw)
    {
        for (long page = run.First.Value; page < run.End.Value; page++)
        {
            ulong bit = 1UL << (int)(page & 63);
            written[page >> 6] |= bit;
            if (isRaw)
            {
                raw[page >> 6] |= bit;
            }
        }
    }

    private void Clear(PfnRange run)
    {
        ClearBits(written, run);
        if (IsStrict)
        {
            ClearBits(raw, run);
        }
    }

    private void ReportHeld(PfnRange run, long mappingId, string file, PageIndex start)
    {
        foreach (Pfn pfn in Each(raw, run))
        {
            if (IsPinned(pfn))
            {
                continue;
            }

            // What another file did to the page before says nothing about the spans of this one.
            Add(mappingId, revocations[pfn.Value] is { } revocation && revocation.MappingId == mappingId
                ? revocation.For(pfn)
                : new RawStoreViolation(
                    pfn, file, (start + (pfn.Value - run.First.Value)).OffsetBytes, RawStoreCause.ForReading, "no view has mapped the page for writing"));
            ClearBits(raw, new PfnRange(pfn, 1));
        }
    }

    // Stores to pages that were taken away and that no entry shows. A pin makes durable what is stored under it.
    private void ReportOrphans(PfnRange run)
    {
        foreach (Pfn pfn in Each(raw, run))
        {
            if (revocations[pfn.Value] is not { Cause: RawStoreCause.TakenAway } revocation || IsHeld(pfn))
            {
                continue;
            }

            if (!IsPinned(pfn))
            {
                Add(0, revocation.For(pfn));
            }

            ClearBits(raw, new PfnRange(pfn, 1));
        }
    }

    private bool IsPinned(Pfn pfn) => owners.IsValueCreated && owners.Value.IsBusy(pfn);

    private bool IsHeld(Pfn pfn) => owners.IsValueCreated && !owners.Value.Find(pfn).IsNone;

    private void Add(long mappingId, RawStoreViolation violation)
    {
        violations.Add(violation);
        unreported.Add((mappingId, violation));
    }

    private PfnRange BeginOwn(long offsetBytes, long lengthBytes)
    {
        long first = offsetBytes >> DaxConstants.PageShift;
        long end = (offsetBytes + lengthBytes + DaxConstants.PageSize - 1) >> DaxConstants.PageShift;
        var run = new PfnRange(new Pfn(first), Math.Max(0, Math.Min(end, all.End.Value) - first));
        gate.Enter();
        Scan(run, noteRaw);

        // A page that was taken away and that the emulator stores to goes to another file: stores so far are judged now.
        ReportOrphans(run);
        foreach (ref Revocation? revocation in revocations.AsSpan((int)run.First.Value, (int)run.PageCount))
        {
            revocation = revocation is { Cause: RawStoreCause.TakenAway } ? null : revocation;
        }

        return run;
    }

    private void EndOwn(PfnRange run)
    {
        Scan(run, noteOwn);
        gate.Exit();
    }

    /// <summary>A store of the emulator itself, from its construction to its disposal; without a tracker it is nothing.</summary>
    public readonly ref struct OwnStore : IDisposable
    {
        private readonly StoreTracker? tracker;
        private readonly PfnRange run;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public OwnStore(StoreTracker? strict, long offsetBytes, long lengthBytes)
        {
            if (strict is not null)
            {
                tracker = strict;
                run = strict.BeginOwn(offsetBytes, lengthBytes);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => tracker?.EndOwn(run);
    }
}
