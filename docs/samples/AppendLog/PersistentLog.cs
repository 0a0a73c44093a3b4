using System.Buffers.Binary;
using DaxEmu.Core;

namespace Samples.AppendLog;

/// <summary>A log on persistent memory: the first word says how many bytes of it count, records of a length and bytes follow.</summary>
/// <remarks>A record is durable before the word that makes it count is stored. That word is 8 aligned bytes: old or new, never half.</remarks>
internal sealed class PersistentLog
{
    private const int Start = 64;

    private readonly IPersistentMemory memory;
    private readonly LogFlaw flaw;
    private long end;

    /// <summary>Opens the log, or an empty one on memory of zeroes.</summary>
    public PersistentLog(IPersistentMemory memory, LogFlaw flaw = LogFlaw.None)
    {
        this.memory = memory;
        this.flaw = flaw;
        end = BinaryPrimitives.ReadInt64LittleEndian(memory.Read(0, sizeof(long)));
    }

    /// <summary>Appends a record. It is durable when this returns; before, it is there as a whole or not at all.</summary>
    public void Append(ReadOnlySpan<byte> record)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int) + record.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, record.Length);
        record.CopyTo(bytes[sizeof(int)..]);
        if (flaw == LogFlaw.RawStoreWithoutFlush && memory is PmemDevice device)
        {
            // What an author writes who takes the device for memory. Nothing is flushed, and nothing says that it was stored.
            bytes.CopyTo(device.GetSpan(new Pfn(0), 1)[(int)(Start + end)..]);
        }
        else
        {
            memory.Store(Start + end, bytes);
            memory.Flush(Start + end, bytes.Length);
        }

        if (flaw != LogFlaw.NoFenceBeforeEnd)
        {
            memory.Drain();
        }

        end += bytes.Length;
        Span<byte> word = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(word, end);
        memory.Store(0, word);
        memory.Persist(0, sizeof(long));
    }

    /// <summary>The records, the oldest first.</summary>
    public IEnumerable<byte[]> Records()
    {
        for (long at = 0; at < end;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(memory.Read(Start + at, sizeof(int)));
            yield return memory.Read(Start + at + sizeof(int), length).ToArray();
            at += sizeof(int) + length;
        }
    }
}
