using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Records that become durable together or not at all. Used again and again; not thread-safe.</summary>
internal sealed class Transaction
{
    private const int Alignment = sizeof(ulong);

    private readonly List<int> starts = [];
    private byte[] buffer = new byte[512];
    private int length;

    /// <summary>Whether it says nothing.</summary>
    public bool IsEmpty => length == 0;

    /// <summary>Bytes of the records.</summary>
    public int Length => length;

    /// <summary>Whether the metadata grow by it: on a full device it may fail, where what frees space must not.</summary>
    public bool IsGrowing { get; private set; }

    /// <summary>The records, whose headers are complete after <see cref="Seal"/>.</summary>
    public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

    /// <summary>Where each record begins.</summary>
    public ReadOnlySpan<int> Starts => CollectionsMarshal.AsSpan(starts);

    /// <summary>Forgets all records.</summary>
    public void Clear()
    {
        starts.Clear();
        length = 0;
        IsGrowing = false;
    }

    /// <summary>Takes the last record out and returns a transaction of its own with it: for the flaws that commit in pieces.</summary>
    public Transaction SplitLast()
    {
        int start = starts[^1];
        var last = new Transaction { IsGrowing = IsGrowing };
        buffer.AsSpan(start, length - start).CopyTo(last.Begin(RecordKind.Inode, length - start - VolumeFormat.RecordHeaderBytes, kindAndLength: false));
        starts.RemoveAt(starts.Count - 1);
        length = start;
        return last;
    }

    public void Inode(Inode inode)
    {
        Span<byte> content = Begin(RecordKind.Inode, RecordReader.InodeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(content, inode.Number);
        content[8] = inode.IsDirectory ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16LittleEndian(content[10..], inode.Mode);
        BinaryPrimitives.WriteInt32LittleEndian(content[12..], inode.LinkCount);
        BinaryPrimitives.WriteInt64LittleEndian(content[16..], inode.SizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(content[24..], inode.CreatedTicks);
        BinaryPrimitives.WriteInt64LittleEndian(content[32..], inode.ModifiedTicks);
        BinaryPrimitives.WriteInt64LittleEndian(content[40..], inode.ChangedTicks);
        IsGrowing = true;
    }

    public void Link(long directory, string name, long target, long ticks)
    {
        Name(RecordKind.Link, directory, name, target, ticks);
        IsGrowing = true;
    }

    public void Unlink(long directory, string name, long target, long ticks) => Name(RecordKind.Unlink, directory, name, target, ticks);

    public void Forget(long inode) => BinaryPrimitives.WriteInt64LittleEndian(Begin(RecordKind.Forget, sizeof(long)), inode);

    public void Size(long inode, long sizeBytes, long ticks)
    {
        Span<byte> content = Begin(RecordKind.Size, RecordReader.SizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(content, inode);
        BinaryPrimitives.WriteInt64LittleEndian(content[8..], sizeBytes);
        BinaryPrimitives.WriteInt64LittleEndian(content[16..], ticks);
    }

    /// <summary>The blocks behind a range are these from now on.</summary>
    public void Blocks(long inode, PageRange range, IReadOnlyCollection<Extent> extents)
    {
        Span<byte> content = Begin(RecordKind.Blocks, RecordReader.BlocksHeaderBytes + (extents.Count * RecordReader.ExtentBytes));
        BinaryPrimitives.WriteInt64LittleEndian(content, inode);
        BinaryPrimitives.WriteInt64LittleEndian(content[8..], range.First.Value);
        BinaryPrimitives.WriteInt64LittleEndian(content[16..], range.PageCount);
        BinaryPrimitives.WriteInt32LittleEndian(content[24..], extents.Count);
        Span<byte> at = content[RecordReader.BlocksHeaderBytes..];
        foreach (Extent extent in extents)
        {
            BinaryPrimitives.WriteInt64LittleEndian(at, extent.First.Value);
            BinaryPrimitives.WriteInt64LittleEndian(at[8..], extent.Pfn.Value);
            BinaryPrimitives.WriteUInt32LittleEndian(at[16..], checked((uint)extent.PageCount));
            at[20] = extent.Kind == ExtentKind.Mapped ? (byte)1 : (byte)0;
            at[21] = extent.IsShared ? (byte)1 : (byte)0;
            at = at[RecordReader.ExtentBytes..];
        }

        IsGrowing |= extents.Count > 0;
    }

    public void Totals(long inodes, long names, long extents)
    {
        Span<byte> content = Begin(RecordKind.Totals, RecordReader.TotalsBytes);
        BinaryPrimitives.WriteInt64LittleEndian(content, inodes);
        BinaryPrimitives.WriteInt64LittleEndian(content[8..], names);
        BinaryPrimitives.WriteInt64LittleEndian(content[16..], extents);
    }

    /// <summary>Completes the headers of all records, for the place where they go.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="sequence">The log.</param>
    /// <param name="at">Where in the log the first record goes.</param>
    /// <param name="number">The transaction's number.</param>
    public void Seal(Guid volume, long sequence, long at, long number)
    {
        for (int i = 0; i < starts.Count; i++)
        {
            int end = i + 1 < starts.Count ? starts[i + 1] : length;
            Span<byte> record = buffer.AsSpan(starts[i]..end);
            BinaryPrimitives.WriteUInt16LittleEndian(record[6..], i + 1 == starts.Count ? (ushort)1 : (ushort)0);
            BinaryPrimitives.WriteInt64LittleEndian(record[8..], number);
            BinaryPrimitives.WriteUInt64LittleEndian(record[16..], RecordReader.ChecksumOf(record, volume, sequence, at + starts[i]));
        }
    }

    private void Name(RecordKind kind, long directory, string name, long target, long ticks)
    {
        int bytes = Encoding.UTF8.GetByteCount(name);
        Span<byte> content = Begin(kind, RecordReader.NameHeaderBytes + bytes);
        BinaryPrimitives.WriteInt64LittleEndian(content, directory);
        BinaryPrimitives.WriteInt64LittleEndian(content[8..], target);
        BinaryPrimitives.WriteInt64LittleEndian(content[16..], ticks);
        content[24] = (byte)bytes;
        _ = Encoding.UTF8.GetBytes(name, content[RecordReader.NameHeaderBytes..]);
    }

    // A record's content, zeroed; of a record that is moved here, the record as a whole.
    private Span<byte> Begin(RecordKind kind, int contentBytes, bool kindAndLength = true)
    {
        int size = (VolumeFormat.RecordHeaderBytes + contentBytes + Alignment - 1) & -Alignment;
        if (buffer.Length - length < size)
        {
            Array.Resize(ref buffer, Math.Max(length + size, buffer.Length * 2));
        }

        Span<byte> record = buffer.AsSpan(length, size);
        record.Clear();
        starts.Add(length);
        length += size;
        if (!kindAndLength)
        {
            return record;
        }

        BinaryPrimitives.WriteInt32LittleEndian(record, size);
        BinaryPrimitives.WriteUInt16LittleEndian(record[4..], (ushort)kind);
        return record[VolumeFormat.RecordHeaderBytes..];
    }
}
