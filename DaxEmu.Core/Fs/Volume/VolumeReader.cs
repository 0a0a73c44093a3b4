using System.Buffers.Binary;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Reads a volume from its medium: the one way of mount, check and repair.</summary>
/// <remarks>
/// <para>
/// What a power cut may leave is sound: records past the tail; one tail that is a transaction behind the other; a root slot that was cut, as
/// long as the copy that is written first is not the older one. Everything else that does not fit is damage, and is reported: no reading is
/// better than a wrong one.
/// </para>
/// <para>Nothing is written. Each record is checked in both copies, and applied from the one that is sound.</para>
/// </remarks>
internal sealed class VolumeReader
{
    private readonly IPersistentMemory memory;
    private readonly VolumeFlaws flaws;
    private readonly VolumeReading reading = new();
    private LogSpace[] logs = [];

    private VolumeReader(IPersistentMemory memory, VolumeFlaws flaws)
    {
        this.memory = memory;
        this.flaws = flaws;
    }

    /// <summary>Reads all of a volume's metadata.</summary>
    public static VolumeReading Read(IPersistentMemory memory, VolumeFlaws flaws = VolumeFlaws.None)
    {
        var reader = new VolumeReader(memory, flaws);
        reader.ReadAll();
        return reader.reading;
    }

    private void ReadAll()
    {
        if (!ReadSuperblocks() || !ReadRoots() || !ReadTails(out long[] tails))
        {
            return;
        }

        ReadRecords(tails);
        StructureCheck.Run(reading);
    }

    private bool ReadSuperblocks()
    {
        if (memory.SizeBytes < DaxConstants.PmdSize)
        {
            reading.Reason = VolumeRefusal.NoVolume;
            reading.Report(VolumeProblemKind.NotMountable, $"the device has {memory.SizeBytes} bytes, and a volume needs {DaxConstants.PmdSize}");
            return false;
        }

        Superblock? first = Superblock.Read(memory, 0, out VolumeRefusal firstReason, out string? firstProblem);
        Superblock? second = Superblock.Read(memory, 1, out VolumeRefusal secondReason, out string? secondProblem);
        reading.Superblock = first ?? second;
        if (reading.Superblock is null)
        {
            // What can be read says more than what cannot.
            bool takesSecond = firstReason == VolumeRefusal.NoVolume && secondReason != VolumeRefusal.NoVolume;
            reading.Reason = takesSecond ? secondReason : firstReason;
            reading.Report(VolumeProblemKind.NotMountable, (takesSecond ? secondProblem : firstProblem)!);
            return false;
        }

        if (first is null || second is null)
        {
            reading.Report(VolumeProblemKind.DamagedCopy, (first is null ? firstProblem : secondProblem)!);
        }
        else if (first != second)
        {
            reading.Report(VolumeProblemKind.NotMountable, $"the two superblocks are of two volumes, {first.Id} and {second.Id}");
            return false;
        }

        return true;
    }

    private bool ReadRoots()
    {
        Guid id = reading.Superblock!.Id;
        var newest = new RootSlot?[VolumeFormat.CopyCount];
        for (int slot = 0; slot < VolumeFormat.CopyCount; slot++)
        {
            bool isLost = true;
            for (int copy = 0; copy < newest.Length; copy++)
            {
                RootSlot? found = RootSlot.Read(memory, id, copy, slot);
                isLost &= found is null;
                newest[copy] = newest[copy] is null || found?.Sequence > newest[copy]!.Sequence ? found : newest[copy];
            }

            // The first copy is durable before the second one is written: a cut damages one of them at most.
            if (isLost)
            {
                reading.Report(VolumeProblemKind.LostMetadata, $"root slot {slot} is damaged in both superblocks' pages: if it was the newer one, what was changed since the older one is lost");
            }
        }

        RootSlot? root = newest[0] is null || newest[1]?.Sequence > newest[0]!.Sequence ? newest[1] : newest[0];
        if (root is null)
        {
            return false; // both slots are lost
        }

        // The first copy is durable before the second one is written, and both before the next sequence begins.
        if (newest[0]?.Sequence != root.Sequence)
        {
            reading.Report(VolumeProblemKind.DamagedCopy, $"the root slot {RootSlot.SlotOf(root.Sequence)} of copy 0 is damaged: copy 1 has sequence {root.Sequence}");
        }
        else if (newest[1] is null || newest[1]!.Sequence < root.Sequence - 1)
        {
            reading.Report(VolumeProblemKind.DamagedCopy, $"the root slots of copy 1 are damaged: copy 0 has sequence {root.Sequence}");
        }
        else
        {
            reading.IsOneCopyBehind = newest[1]!.Sequence != root.Sequence;
        }

        if (root.SizePages < DaxConstants.PagesPerPmd)
        {
            reading.Report(VolumeProblemKind.LostMetadata, $"the root of sequence {root.Sequence} says that the volume has {root.SizePages} pages");
            return false;
        }

        if (root.SizePages > memory.SizeBytes >> DaxConstants.PageShift)
        {
            reading.Reason = VolumeRefusal.Truncated;
            reading.Report(VolumeProblemKind.NotMountable, $"the volume has {root.SizePages} pages, and the device only {memory.SizeBytes >> DaxConstants.PageShift}");
            return false;
        }

        reading.Root = root;
        reading.State = new VolumeState(root.SizePages);
        return AreSegmentsSound(root);
    }

    private bool AreSegmentsSound(RootSlot root)
    {
        PfnRange[] all = [.. root.Segments.SelectMany(copy => copy)];
        bool fits = all.All(segment => segment.PageCount > 0 && reading.State!.HasPages(segment.First, segment.PageCount))
            && root.Segments[0].Sum(segment => segment.PageCount) == root.Segments[1].Sum(segment => segment.PageCount);
        if (!fits)
        {
            reading.Report(VolumeProblemKind.LostMetadata, $"the root of sequence {root.Sequence} leads to pages that the volume does not have");
        }

        return fits;
    }

    private bool ReadTails(out long[] tails)
    {
        RootSlot root = reading.Root!;
        logs = [.. root.Segments.Select(segments => new LogSpace(memory, segments))];
        tails = [-1, -1];
        for (int copy = 0; copy < tails.Length; copy++)
        {
            ulong place = VolumeFormat.Place(reading.Superblock!.Id, root.Sequence, 0);
            if (!logs[copy].TryRead(0, VolumeFormat.FirstRecord, out ReadOnlySpan<byte> head)
                || !head.StartsWith(VolumeFormat.LogMagic)
                || BinaryPrimitives.ReadInt64LittleEndian(head[8..]) != root.Sequence
                || BinaryPrimitives.ReadInt64LittleEndian(head[16..]) != copy
                || BinaryPrimitives.ReadUInt64LittleEndian(head[24..]) != VolumeFormat.Checksum(head[..24], place))
            {
                reading.Report(VolumeProblemKind.DamagedCopy, $"copy {copy} of the log, at page {root.Segments[copy][0].First}, does not begin as one");
                continue;
            }

            tails[copy] = VolumeFormat.TailOf(BinaryPrimitives.ReadUInt64LittleEndian(head[VolumeFormat.TailOffset..]), place, copy);
            if (tails[copy] < VolumeFormat.FirstRecord || tails[copy] > logs[copy].CapacityBytes)
            {
                reading.Report(VolumeProblemKind.DamagedCopy, $"the tail of copy {copy} of the log is damaged");
                tails[copy] = -1;
            }
        }

        if (Math.Max(tails[0], tails[1]) < 0)
        {
            reading.Report(VolumeProblemKind.LostMetadata, "how far the log counts cannot be read in either copy");
            return false;
        }

        return true;
    }

    private void ReadRecords(long[] tails)
    {
        long tail = Math.Max(tails[0], tails[1]);
        long last = 0;
        long at = VolumeFormat.FirstRecord;
        long lastAt = at;
        bool isBegun = false;
        VolumeState state = reading.State!;
        state.IsSnapshot = true;
        while (at < tail || ReadsOn(at))
        {
            if (!TryRecord(at, out ReadOnlySpan<byte> record))
            {
                reading.Report(
                    VolumeProblemKind.LostMetadata, $"the record at byte {at} of the log is damaged in both copies; {tail - at} bytes from there on are lost");
                break;
            }

            long number = RecordReader.TransactionOf(record);
            if (!isBegun)
            {
                lastAt = at;
            }

            if (number != last + (isBegun ? 0 : 1))
            {
                reading.Report(VolumeProblemKind.LostMetadata, $"the record at byte {at} of the log is of transaction {number}, after transaction {last}");
                break;
            }

            if (RecordReader.Apply(record, state) is { } problem)
            {
                reading.Report(VolumeProblemKind.LostMetadata, $"the record at byte {at} of the log cannot be right: {problem}");
                break;
            }

            isBegun = !RecordReader.IsLast(record);
            last = number;
            state.IsSnapshot &= isBegun;
            at += record.Length;
        }

        state.IsSnapshot = false;
        if (isBegun && at == tail)
        {
            reading.Report(VolumeProblemKind.LostMetadata, $"the log ends at byte {at}, in the middle of transaction {last}");
        }

        reading.Tail = Math.Max(at, tail);
        reading.LastTransaction = last;
        reading.LastTransactionAt = lastAt;
        CompareTails(tails, tail, lastAt);
    }

    // Both tails are durable before the next transaction begins.
    private void CompareTails(long[] tails, long tail, long lastAt)
    {
        for (int copy = 0; copy < tails.Length; copy++)
        {
            if (tails[copy] < 0 || tails[copy] == tail)
            {
                continue;
            }

            if (tails[copy] == lastAt)
            {
                reading.IsOneCopyBehind = true;
            }
            else
            {
                reading.Report(VolumeProblemKind.DamagedCopy, $"the tail of copy {copy} of the log is at byte {tails[copy]}, and the other at {tail}, more than a transaction further");
            }
        }
    }

    private bool ReadsOn(long at) => (flaws & VolumeFlaws.ReadsPastTail) != 0
        && at + VolumeFormat.RecordHeaderBytes <= logs[0].CapacityBytes
        && IsSound(0, at, out _);

    // The record of the copy that is sound; both must be, and alike.
    private bool TryRecord(long at, out ReadOnlySpan<byte> record)
    {
        bool isFirstSound = IsSound(0, at, out record);
        if (isFirstSound && logs[1].TryRead(at, record.Length, out ReadOnlySpan<byte> twin) && record.SequenceEqual(twin))
        {
            return true;
        }

        bool isSecondSound = IsSound(1, at, out ReadOnlySpan<byte> second);
        if (!isFirstSound && !isSecondSound)
        {
            return false;
        }

        reading.Report(VolumeProblemKind.DamagedCopy, $"the record at byte {at} of copy {(isFirstSound ? 1 : 0)} of the log is damaged");
        record = isFirstSound ? record : second;
        return true;
    }

    private bool IsSound(int copy, long at, out ReadOnlySpan<byte> record)
    {
        record = default;
        RootSlot root = reading.Root!;
        LogSpace log = logs[copy];
        if (log.CapacityBytes - at < VolumeFormat.RecordHeaderBytes
            || !log.TryRead(at, VolumeFormat.RecordHeaderBytes, out ReadOnlySpan<byte> header))
        {
            return false;
        }

        int length = RecordReader.LengthOf(header);
        if (length < VolumeFormat.RecordHeaderBytes || length % sizeof(ulong) != 0 || length > log.CapacityBytes - at || !log.TryRead(at, length, out record))
        {
            return false;
        }

        return RecordReader.StoredChecksum(record) == RecordReader.ChecksumOf(record, reading.Superblock!.Id, root.Sequence, at);
    }
}
