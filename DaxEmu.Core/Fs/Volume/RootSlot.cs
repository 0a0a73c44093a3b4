using System.Buffers.Binary;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Where a volume's log lies: two slots in each superblock's page, of which the one with the higher sequence counts.</summary>
/// <param name="Sequence">Counts the logs of a volume; even ones go to the first slot.</param>
/// <param name="SizePages">Pages of the device that the volume uses.</param>
/// <param name="Segments">The pages of each copy of the log; alike in number and length.</param>
internal sealed record RootSlot(long Sequence, long SizePages, PfnRange[][] Segments)
{
    private const int ChecksumAt = 8;
    private const int SizeAt = 16;
    private const int SegmentCountAt = 24;
    private const int CopyAt = 28;

    /// <summary>Which of the two slots a sequence goes to.</summary>
    public static int SlotOf(long sequence) => (int)(sequence & 1);

    /// <summary>Writes it to its slot in one superblock's page and flushes it; it is durable after the next drain.</summary>
    /// <remarks>A slot that was cut in the middle fails its checksum, and the other slot counts.</remarks>
    public void Write(IPersistentMemory memory, Guid volume, int copy, VolumeFlaws flaws)
    {
        byte[] bytes = new byte[VolumeFormat.RootHeaderBytes + (Segments[0].Length * VolumeFormat.CopyCount * 16)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(SizeAt), SizePages);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(SegmentCountAt), Segments[0].Length);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(CopyAt), copy);
        int at = VolumeFormat.RootHeaderBytes;
        foreach (PfnRange segment in Segments.SelectMany(all => all))
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at), segment.First.Value);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(at + 8), segment.PageCount);
            at += 16;
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(ChecksumAt), ChecksumOf(bytes, volume));
        long offset = VolumeFormat.RootSlotOffset(copy, SlotOf(Sequence));
        memory.Store(offset, bytes);
        if ((flaws & VolumeFlaws.RootNotFlushed) == 0)
        {
            memory.Flush(offset, bytes.Length);
        }
    }

    /// <summary>Reads a slot; null if it was never written, was cut, or is damaged.</summary>
    public static RootSlot? Read(IPersistentMemory memory, Guid volume, int copy, int slot)
    {
        long offset = VolumeFormat.RootSlotOffset(copy, slot);
        if (!Media.TryRead(memory, offset, VolumeFormat.RootHeaderBytes, out ReadOnlySpan<byte> header))
        {
            return null;
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(header[SegmentCountAt..]);
        if (count is < 1 or > VolumeFormat.MostSegments)
        {
            return null;
        }

        _ = Media.TryRead(memory, offset, VolumeFormat.RootHeaderBytes + (count * VolumeFormat.CopyCount * 16), out ReadOnlySpan<byte> bytes);
        long sequence = BinaryPrimitives.ReadInt64LittleEndian(bytes);
        bool isSound = BinaryPrimitives.ReadUInt64LittleEndian(bytes[ChecksumAt..]) == ChecksumOf(bytes, volume)
            && BinaryPrimitives.ReadInt32LittleEndian(bytes[CopyAt..]) == copy
            && SlotOf(sequence) == slot;
        if (!isSound)
        {
            return null;
        }

        var segments = new PfnRange[VolumeFormat.CopyCount][];
        int at = VolumeFormat.RootHeaderBytes;
        for (int i = 0; i < segments.Length; i++)
        {
            segments[i] = new PfnRange[count];
            for (int k = 0; k < count; k++, at += 16)
            {
                segments[i][k] = new PfnRange(
                    new Pfn(BinaryPrimitives.ReadInt64LittleEndian(bytes[at..])), BinaryPrimitives.ReadInt64LittleEndian(bytes[(at + 8)..]));
            }
        }

        return new RootSlot(sequence, BinaryPrimitives.ReadInt64LittleEndian(bytes[SizeAt..]), segments);
    }

    // Of everything but itself; the copy counts, so that a page of one copy is not taken for the other.
    private static ulong ChecksumOf(ReadOnlySpan<byte> bytes, Guid volume) =>
        VolumeFormat.Checksum(bytes[SizeAt..], VolumeFormat.Place(volume, BinaryPrimitives.ReadInt64LittleEndian(bytes), bytes.Length));
}
