using System.Buffers.Binary;
using System.Text;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Reads records and applies them to a state. What they say is checked: a medium may hold anything.</summary>
internal static class RecordReader
{
    public const int InodeBytes = 48;
    public const int SizeBytes = 24;
    public const int NameHeaderBytes = 25;
    public const int BlocksHeaderBytes = 32;
    public const int ExtentBytes = 24;
    public const int TotalsBytes = 24;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static int LengthOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt32LittleEndian(record);

    public static bool IsLast(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt16LittleEndian(record[6..]) != 0;

    public static long TransactionOf(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadInt64LittleEndian(record[8..]);

    public static ulong StoredChecksum(ReadOnlySpan<byte> record) => BinaryPrimitives.ReadUInt64LittleEndian(record[16..]);

    /// <summary>A record's checksum: of its content and its header, and of the place where it stands.</summary>
    public static ulong ChecksumOf(ReadOnlySpan<byte> record, Guid volume, long sequence, long at)
    {
        ulong header = VolumeFormat.Checksum(record[..16], VolumeFormat.Place(volume, sequence, at));
        return VolumeFormat.Checksum(record[VolumeFormat.RecordHeaderBytes..], header);
    }

    /// <summary>Applies a record.</summary>
    /// <returns>What is wrong with it; null if it was applied.</returns>
    public static string? Apply(ReadOnlySpan<byte> record, VolumeState state)
    {
        var kind = (RecordKind)BinaryPrimitives.ReadUInt16LittleEndian(record[4..]);
        ReadOnlySpan<byte> content = record[VolumeFormat.RecordHeaderBytes..];
        int least = kind switch
        {
            RecordKind.Inode => InodeBytes,
            RecordKind.Link or RecordKind.Unlink => NameHeaderBytes,
            RecordKind.Forget => sizeof(long),
            RecordKind.Size => SizeBytes,
            RecordKind.Blocks => BlocksHeaderBytes,
            RecordKind.Totals => TotalsBytes,
            _ => int.MaxValue,
        };
        if (content.Length < least)
        {
            return least == int.MaxValue ? $"it is of kind {(int)kind}, which is not known" : $"its {content.Length} bytes are too few for a record of kind {kind}";
        }

        long first = BinaryPrimitives.ReadInt64LittleEndian(content);
        return kind switch
        {
            RecordKind.Inode => ApplyInode(content, state),
            RecordKind.Link or RecordKind.Unlink => ApplyName(kind, content, state),
            RecordKind.Forget => state.Forget(first),
            RecordKind.Size => state.SetSize(first, BinaryPrimitives.ReadInt64LittleEndian(content[8..]), BinaryPrimitives.ReadInt64LittleEndian(content[16..])),
            RecordKind.Blocks => ApplyBlocks(content, state),
            _ => state.CompareTotals(first, BinaryPrimitives.ReadInt64LittleEndian(content[8..]), BinaryPrimitives.ReadInt64LittleEndian(content[16..])),
        };
    }

    private static string? ApplyInode(ReadOnlySpan<byte> content, VolumeState state) => state.Put(
        BinaryPrimitives.ReadInt64LittleEndian(content),
        isDirectory: content[8] != 0,
        BinaryPrimitives.ReadUInt16LittleEndian(content[10..]),
        BinaryPrimitives.ReadInt32LittleEndian(content[12..]),
        BinaryPrimitives.ReadInt64LittleEndian(content[16..]),
        BinaryPrimitives.ReadInt64LittleEndian(content[24..]),
        BinaryPrimitives.ReadInt64LittleEndian(content[32..]),
        BinaryPrimitives.ReadInt64LittleEndian(content[40..]));

    private static string? ApplyName(RecordKind kind, ReadOnlySpan<byte> content, VolumeState state)
    {
        int length = content[24];
        if (length == 0 || NameHeaderBytes + length > content.Length)
        {
            return $"a name of {length} bytes does not fit into it";
        }

        string name;
        try
        {
            name = StrictUtf8.GetString(content.Slice(NameHeaderBytes, length));
        }
        catch (DecoderFallbackException)
        {
            return "its name is no UTF-8";
        }

        if (kind == RecordKind.Link && FileName.Problem(name) is { } problem)
        {
            return $"no file can have its name: {problem}";
        }

        long directory = BinaryPrimitives.ReadInt64LittleEndian(content);
        long target = BinaryPrimitives.ReadInt64LittleEndian(content[8..]);
        long ticks = BinaryPrimitives.ReadInt64LittleEndian(content[16..]);
        return kind == RecordKind.Link ? state.Link(directory, name, target, ticks) : state.Unlink(directory, name, target, ticks);
    }

    private static string? ApplyBlocks(ReadOnlySpan<byte> content, VolumeState state)
    {
        long first = BinaryPrimitives.ReadInt64LittleEndian(content[8..]);
        long pages = BinaryPrimitives.ReadInt64LittleEndian(content[16..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(content[24..]);
        if (count < 0 || count > (content.Length - BlocksHeaderBytes) / ExtentBytes)
        {
            return $"{count} extents do not fit into it";
        }

        if (first < 0 || pages < 0 || pages > PageRange.All.PageCount - first)
        {
            return $"no file has the {pages} pages from {first} on";
        }

        var range = new PageRange(new PageIndex(first), pages);
        var extents = new Extent[count];
        PageIndex at = range.First;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> one = content.Slice(BlocksHeaderBytes + (i * ExtentBytes), ExtentBytes);
            var extent = new Extent(
                new PageIndex(BinaryPrimitives.ReadInt64LittleEndian(one)),
                BinaryPrimitives.ReadUInt32LittleEndian(one[16..]),
                one[20] != 0 ? ExtentKind.Mapped : ExtentKind.Unwritten,
                new Pfn(BinaryPrimitives.ReadInt64LittleEndian(one[8..])),
                one[21] != 0 ? ExtentFlags.Shared : ExtentFlags.None);
            if (extent.First < at || extent.PageCount == 0 || extent.PageCount > range.End - extent.First || !state.HasPages(extent.Pfn, extent.PageCount))
            {
                return $"its extent {i} (page {extent.First}, {extent.PageCount} pages at device page {extent.Pfn}) is out of order or out of range";
            }

            extents[i] = extent;
            at = extent.End;
        }

        return state.SetBlocks(BinaryPrimitives.ReadInt64LittleEndian(content), range, extents);
    }
}
