using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>The one mechanism by which metadata become durable: a log of records in two copies, and now and then a new log.</summary>
/// <remarks>
/// <para>
/// <b>A transaction.</b> Its records are written behind the tail of both copies; a fence J1; the tails are moved and flushed; a fence J2.
/// Before J1 is passed no tail can cover the records, so a mount does not see them. Each tail is one word of 8 bytes, so a cut shows the
/// old one or the new one; the mount takes the further one, whose records are durable in both copies by J1. When J2 is passed the transaction
/// is acknowledged.
/// </para>
/// <para>
/// <b>A new log</b> is written when the old one is full: the whole state as one transaction on other pages; a fence J3; the root slot in
/// the first superblock's page, flushed; a fence J4; the same in the second one, flushed. A cut before the first slot is durable leaves the
/// old log, which nothing has changed; after it, the new one. J4 is what lets a mount take a first copy that is older than the second one
/// for damage. The second slot needs no fence of its own: the next J1 or J3 covers it, and until then the first slot leads to the same log.
/// </para>
/// <para>
/// The pages of the old log become the place of the next one. They are written again only then, after J1 of at least one transaction or
/// J3 of none: in either case the slot that leads to them is the older one in both superblocks' pages.
/// </para>
/// <para>Not thread-safe: <see cref="VolumeStore"/> guards it.</para>
/// </remarks>
internal sealed class MetadataLog
{
    private readonly IPersistentMemory memory;
    private readonly BlockAllocator allocator;
    private readonly VolumeFlaws flaws;
    private readonly Guid id;
    private RootSlot root;
    private LogSpace[] logs;
    private PfnRange[][]? spare;
    private ulong place;
    private long tail;
    private long lastTransaction;

    private MetadataLog(IPersistentMemory memory, BlockAllocator allocator, Guid id, RootSlot root, VolumeFlaws flaws)
    {
        this.memory = memory;
        this.allocator = allocator;
        this.id = id;
        this.flaws = flaws;
        this.root = root;
        logs = [.. root.Segments.Select(segments => new LogSpace(memory, segments))];
        place = VolumeFormat.Place(id, root.Sequence, 0);
    }

    /// <summary>Pages of the volume.</summary>
    public long SizePages => root.SizePages;

    /// <summary>Bytes of one copy of the log, and how many of them are in use.</summary>
    public (long Capacity, long Used) Usage => (logs[0].CapacityBytes, tail);

    /// <summary>How many logs the volume has had.</summary>
    public long Sequence => root.Sequence;

    /// <summary>The pages of the log, and those that are kept for the next one.</summary>
    public IEnumerable<PfnRange> Pages => root.Segments.Concat(spare ?? []).SelectMany(copy => copy);

    /// <summary>Begins the first log of a volume; the superblocks are not written yet, so there is no volume yet.</summary>
    /// <exception cref="DaxException">The device has no space for it.</exception>
    public static MetadataLog Create(IPersistentMemory memory, BlockAllocator allocator, Guid id, VolumeState state, VolumeFlaws flaws)
    {
        PfnRange[][] segments = LogPages.TryTake(memory, allocator, CapacityFor(state.SnapshotBytes)) ?? throw NoSpace(0);
        var log = new MetadataLog(memory, allocator, id, new RootSlot(1, state.PageCount, segments), flaws);
        log.WriteSnapshot(state);
        return log;
    }

    /// <summary>Goes on with the log of a volume that was read and is sound. Its pages are taken from the allocator already.</summary>
    public static MetadataLog Open(IPersistentMemory memory, BlockAllocator allocator, VolumeReading reading, VolumeFlaws flaws) =>
        new(memory, allocator, reading.Superblock!.Id, reading.Root!, flaws) { tail = reading.Tail, lastTransaction = reading.LastTransaction };

    /// <summary>Writes a repaired state as a new log, and the root that leads to it into both superblocks' pages.</summary>
    /// <exception cref="DaxException">The device has no space for it; nothing was written.</exception>
    public static void Rewrite(IPersistentMemory memory, BlockAllocator allocator, Guid id, RootSlot old, VolumeState state)
    {
        var log = new MetadataLog(memory, allocator, id, old, VolumeFlaws.None)
        {
            spare = LogPages.TryTake(memory, allocator, CapacityFor(state.SnapshotBytes)) ?? throw NoSpace(state.SnapshotBytes),
        };
        log.Renew(state, state.PageCount);
        log.WriteEmptyRoots(log.root.Sequence - 1); // over what may be read again later and look newer
    }

    /// <summary>Completes what a power cut left in one copy only: the copies differ in nothing from here on.</summary>
    public void CompleteCopies()
    {
        root.Write(memory, id, copy: 1, flaws);
        MoveTails();
    }

    /// <summary>Keeps pages for the next log, so that there is one also when the device is full.</summary>
    public void KeepSpare(VolumeState state) => spare ??= LogPages.TryTake(memory, allocator, CapacityFor(state.SnapshotBytes));

    /// <summary>Sees to it that a transaction can be made durable, and everything after it that does not make the metadata grow.</summary>
    /// <remarks>
    /// Two logs must each be able to hold the whole state, and take turns: then a deletion on a full device always finds its place. What makes
    /// the metadata grow is refused if they cannot be made large enough first.
    /// </remarks>
    /// <exception cref="DaxException">There is no space (ENOSPC); nothing has changed.</exception>
    public void EnsureSpace(VolumeState state, Transaction transaction)
    {
        bool fits = transaction.Length <= logs[0].CapacityBytes - tail;
        if (!transaction.IsGrowing)
        {
            if (!fits && spare is null)
            {
                spare = LogPages.TryTake(memory, allocator, Needed(state, transaction)) ?? throw NoSpace(Needed(state, transaction));
            }

            return;
        }

        long needed = Needed(state, transaction);
        EnlargeSpare(needed);
        if (logs[0].CapacityBytes < needed)
        {
            Renew(state, root.SizePages);
            EnlargeSpare(needed);
        }
    }

    /// <summary>Makes a transaction durable; returns when it is. The state has it already.</summary>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed: whether it is durable is not known.</exception>
    public void Commit(Transaction transaction, VolumeState state)
    {
        if (transaction.Length > logs[0].CapacityBytes - tail)
        {
            Renew(state, root.SizePages);
            return;
        }

        transaction.Seal(id, root.Sequence, tail, ++lastTransaction);
        WriteRecords(transaction);
        tail += transaction.Length;
        if ((flaws & VolumeFlaws.TailBeforeRecords) == 0)
        {
            memory.Drain(); // J1
        }

        MoveTails();
    }

    /// <summary>Begins a new log with the whole state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="sizePages">Pages of the volume from now on.</param>
    public void Renew(VolumeState state, long sizePages)
    {
        PfnRange[][] old = root.Segments;
        root = new RootSlot(root.Sequence + 1, sizePages, spare!);
        spare = old;
        logs = [.. root.Segments.Select(segments => new LogSpace(memory, segments))];
        place = VolumeFormat.Place(id, root.Sequence, 0);
        WriteSnapshot(state);
        WriteRoots();
    }

    /// <summary>Writes the first root, and where the second one will stand one of sequence 0, which leads to no log: every slot is sound from the start.</summary>
    public void WriteFirstRoots()
    {
        WriteEmptyRoots(0);
        WriteRoots();
    }

    /// <summary>Writes the root into both superblocks' pages.</summary>
    public void WriteRoots()
    {
        int first = (flaws & VolumeFlaws.RootCopiesUnordered) == 0 ? 0 : 1;
        root.Write(memory, id, first, flaws);
        if ((flaws & VolumeFlaws.RootCopiesUnordered) == 0)
        {
            memory.Drain(); // J4
        }

        root.Write(memory, id, 1 - first, flaws);
    }

    private void WriteEmptyRoots(long sequence)
    {
        RootSlot none = root with { Sequence = sequence };
        none.Write(memory, id, copy: 0, flaws);
        memory.Drain(); // J7: a slot that is cut in both pages is taken for damage
        none.Write(memory, id, copy: 1, flaws);
    }

    private static long Needed(VolumeState state, Transaction transaction) => state.SnapshotBytes + transaction.Length + VolumeFormat.FirstRecord;

    /// <summary>Sees to it that the place of the next log holds so many bytes.</summary>
    /// <exception cref="DaxException">There is no space (ENOSPC); nothing has changed.</exception>
    public void EnlargeSpare(long needed)
    {
        if (spare is not null && Capacity(spare) >= needed)
        {
            return;
        }

        PfnRange[][] larger = LogPages.TryTake(memory, allocator, CapacityFor(needed)) ?? LogPages.TryTake(memory, allocator, needed) ?? throw NoSpace(needed);
        if (spare is not null)
        {
            LogPages.GiveBack(allocator, spare);
        }

        spare = larger;
    }

    private static long CapacityFor(long bytes) => Math.Max(VolumeFormat.SmallestLogBytes, (2 * bytes) + DaxConstants.PageSize);

    private static long Capacity(PfnRange[][] segments) => segments[0].Sum(segment => segment.PageCount) << DaxConstants.PageShift;

    private static DaxException NoSpace(long needed) => new(
        $"There is no space for {VolumeFormat.CopyCount} × {needed} bytes of metadata on the device. Delete files or punch holes, or use a larger device.", IoError.NoSpace, 0);

    /// <summary>A page was lost: what lay there is written elsewhere, and the page is not used any more.</summary>
    /// <returns>Whether it was a page of the log; a page of a superblock is not.</returns>
    public bool Leave(Pfn page, VolumeState state)
    {
        if (spare is not null && spare.SelectMany(copy => copy).Any(run => run.Contains(page)))
        {
            spare = null; // its pages stay taken until the next mount
        }

        bool isLog = root.Segments.SelectMany(copy => copy).Any(run => run.Contains(page));
        if (isLog)
        {
            EnlargeSpare(state.SnapshotBytes + VolumeFormat.FirstRecord);
            Renew(state, root.SizePages);
            spare = null;
        }

        KeepSpare(state);
        return isLog;
    }

    private void WriteSnapshot(VolumeState state)
    {
        Transaction snapshot = state.Snapshot();
        lastTransaction = 1;
        snapshot.Seal(id, root.Sequence, VolumeFormat.FirstRecord, lastTransaction);
        byte[] head = new byte[VolumeFormat.FirstRecord];
        VolumeFormat.LogMagic.CopyTo(head);
        _ = BitConverter.TryWriteBytes(head.AsSpan(8), root.Sequence);
        tail = VolumeFormat.FirstRecord + snapshot.Length;
        for (int copy = 0; copy < logs.Length; copy++)
        {
            _ = BitConverter.TryWriteBytes(head.AsSpan(16), (long)copy);
            _ = BitConverter.TryWriteBytes(head.AsSpan(24), VolumeFormat.Checksum(head.AsSpan(0, 24), place));
            _ = BitConverter.TryWriteBytes(head.AsSpan(VolumeFormat.TailOffset), VolumeFormat.TailWord(place, copy, tail));
            logs[copy].Write(0, head);
            logs[copy].Write(VolumeFormat.FirstRecord, snapshot.Bytes);
        }

        if ((flaws & VolumeFlaws.RootBeforeLog) == 0)
        {
            memory.Drain(); // J3
        }
    }

    private void WriteRecords(Transaction transaction)
    {
        logs[0].Write(tail, transaction.Bytes);
        if ((flaws & VolumeFlaws.StaleReplica) == 0)
        {
            logs[1].Write(tail, transaction.Bytes);
        }
    }

    private void MoveTails()
    {
        for (int copy = 0; copy < logs.Length; copy++)
        {
            long at = logs[copy].StoreWord(VolumeFormat.TailOffset, VolumeFormat.TailWord(place, copy, tail));
            if ((flaws & VolumeFlaws.TailNotFlushed) == 0)
            {
                memory.Flush(at, sizeof(ulong));
            }
        }

        if ((flaws & VolumeFlaws.NoFenceAfterTail) == 0)
        {
            memory.Drain(); // J2
        }
    }
}
