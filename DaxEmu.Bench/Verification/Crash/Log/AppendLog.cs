using System.Buffers.Binary;
using System.IO.Hashing;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.Log;

/// <summary>A log on persistent memory: records are appended, and a reset forgets them all at once.</summary>
/// <remarks>
/// <para>The first line has the epoch, which a reset changes, and how often the log was opened. Records follow, each with its length, the
/// opening that wrote it, a checksum, and its bytes. The checksum depends on the record before, the first one's on the epoch: so the first
/// record that does not fit is the end, whatever lies behind it, and an append needs one fence.</para>
/// <para>Each opening has a number of its own. Otherwise a record that arrived although the one before it was lost would be valid again once
/// the lost one was appended anew.</para>
/// </remarks>
internal sealed class AppendLog
{
    private const int EpochOffset = 0;
    private const int OpeningOffset = 8;
    private const int CountOffset = 16;
    private const int FirstRecord = 64;
    private const int HeaderBytes = 16;

    private readonly IPersistentMemory memory;
    private readonly LogBug bug;
    private readonly List<(long Offset, int Length)> records = [];
    private readonly byte[] buffer = new byte[512];
    private ulong epoch;
    private ulong opening;
    private ulong chain;
    private long end;

    private AppendLog(IPersistentMemory memory, LogBug bug)
    {
        this.memory = memory;
        this.bug = bug;
    }

    /// <summary>How many records there are.</summary>
    public int Count => records.Count;

    /// <summary>Makes memory of zeroes, or any other, an empty log.</summary>
    public static void Format(IPersistentMemory memory)
    {
        memory.Store(0, new byte[FirstRecord + HeaderBytes]);
        memory.Persist(0, FirstRecord + HeaderBytes);
    }

    /// <summary>Opens a log: finds its records.</summary>
    public static AppendLog Open(IPersistentMemory memory, LogBug bug = LogBug.None)
    {
        var log = new AppendLog(memory, bug);
        ReadOnlySpan<byte> start = memory.Read(0, CountOffset);
        log.epoch = BinaryPrimitives.ReadUInt64LittleEndian(start);
        log.opening = BinaryPrimitives.ReadUInt64LittleEndian(start[OpeningOffset..]) + 1;
        log.StoreWord(OpeningOffset, log.opening);
        memory.Persist(OpeningOffset, sizeof(ulong));
        log.FindRecords();
        return log;
    }

    /// <summary>The log as the next opening finds it.</summary>
    public AppendLog Reopen() => Open(memory, bug);

    /// <summary>The bytes of a record, in place.</summary>
    public ReadOnlySpan<byte> Record(int number) => memory.Read(records[number].Offset + HeaderBytes, records[number].Length);

    /// <summary>Appends records. They are durable when it returns; before, some of the first may be.</summary>
    /// <param name="payloads">Their bytes.</param>
    /// <param name="aroundTheCaches">Whether they are copied with stores that need no flush.</param>
    public void Append(IReadOnlyList<byte[]> payloads, bool aroundTheCaches = false)
    {
        if (bug == LogBug.CountBeforeRecord)
        {
            StoreWord(CountOffset, (ulong)(records.Count + payloads.Count));
            memory.Persist(CountOffset, sizeof(ulong));
        }

        long first = end;
        foreach (byte[] payload in payloads)
        {
            Put(payload, aroundTheCaches);
        }

        if (bug != LogBug.MissingFlush)
        {
            memory.Flush(first, end - first);
        }

        if (bug != LogBug.MissingFence)
        {
            memory.Drain();
        }
    }

    /// <summary>Forgets all records. Durable when it returns.</summary>
    public void Reset()
    {
        StoreWord(EpochOffset, ++epoch);
        memory.Persist(EpochOffset, sizeof(ulong));
        records.Clear();
        end = FirstRecord;
        chain = FirstChain();
        if (bug == LogBug.CountBeforeRecord)
        {
            StoreWord(CountOffset, 0);
            memory.Persist(CountOffset, sizeof(ulong));
        }
    }

    private static int Padded(int length) => (length + 7) & ~7;

    private ulong FirstChain() => bug == LogBug.ReadPastEnd ? 1 : epoch + 1;

    private void Put(byte[] payload, bool aroundTheCaches)
    {
        Span<byte> record = buffer.AsSpan(0, HeaderBytes + Padded(payload.Length));
        record.Clear();
        payload.CopyTo(record[HeaderBytes..]);
        BinaryPrimitives.WriteUInt64LittleEndian(record, (uint)payload.Length | (opening << 32));
        ulong checksum = ChecksumOf(record, bug == LogBug.HeaderBeforeData ? 0 : payload.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record[8..], checksum);
        if (bug == LogBug.HeaderBeforeData)
        {
            memory.Store(end, record[..HeaderBytes]);
            memory.Persist(end, HeaderBytes);
            memory.Store(end + HeaderBytes, record[HeaderBytes..]);
        }
        else if (bug == LogBug.MissingFlush && memory is PmemDevice device)
        {
            record[HeaderBytes..].CopyTo(device.GetSpan(new Pfn(0), device.PageCount)[(int)(end + HeaderBytes)..]);
            memory.Store(end, record[..HeaderBytes]);
            memory.Flush(end, HeaderBytes);
        }
        else if (aroundTheCaches)
        {
            memory.CopyNonTemporal(end, record);
        }
        else
        {
            memory.Store(end, record);
        }

        records.Add((end, payload.Length));
        end += record.Length;
        chain = checksum;
    }

    // Of the length, the opening and so many bytes after the header.
    private ulong ChecksumOf(ReadOnlySpan<byte> record, int length)
    {
        ulong seed = XxHash3.HashToUInt64(record[..8], (long)chain);
        return length == 0 ? seed : XxHash3.HashToUInt64(record.Slice(HeaderBytes, length), (long)seed);
    }

    private void FindRecords()
    {
        chain = FirstChain();
        end = FirstRecord;
        ulong left = bug == LogBug.CountBeforeRecord ? BinaryPrimitives.ReadUInt64LittleEndian(memory.Read(CountOffset, 8)) : ulong.MaxValue;
        while (left-- > 0 && end + HeaderBytes <= memory.SizeBytes)
        {
            ReadOnlySpan<byte> header = memory.Read(end, HeaderBytes);
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(header);
            if (length == 0 || length > memory.SizeBytes - end - HeaderBytes)
            {
                break;
            }

            ulong stored = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            bool isChecked = bug is not (LogBug.HeaderBeforeData or LogBug.CountBeforeRecord);
            ReadOnlySpan<byte> record = memory.Read(end, HeaderBytes + (isChecked ? (int)length : 0));
            if (bug != LogBug.CountBeforeRecord && ChecksumOf(record, isChecked ? (int)length : 0) != stored)
            {
                break;
            }

            records.Add((end, (int)length));
            chain = stored;
            end += HeaderBytes + Padded((int)length);
        }
    }

    private void StoreWord(long offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        memory.Store(offset, bytes);
    }
}
