using System.Buffers.Binary;
using System.IO.Hashing;
using DaxEmu.Core;

namespace Samples.KeyValueStore;

/// <summary>Keys and values of 8 bytes each on persistent memory, with recovery: a put or removal is there as a whole or not at all.</summary>
/// <remarks>
/// Every change is an entry of one cache line at the end: key, value, number and checksum. One fence makes it durable: an entry that
/// arrived in part has a wrong checksum, and its number makes one of an earlier round count no more. When the area is full, what is left
/// is written to the other of two areas, and the word that says which area counts is stored after that.
/// </remarks>
internal sealed class PersistentStore
{
    private const long Removed = long.MinValue;
    private const int EntryBytes = 64;
    private const int FirstEntry = 64;

    private readonly IPersistentMemory memory;
    private readonly StoreFlaw flaw;
    private readonly int capacity;
    private readonly Dictionary<long, long> values = [];
    private long round;
    private int used;

    /// <summary>Opens the store, or an empty one on memory of zeroes.</summary>
    /// <param name="memory">Where it lies.</param>
    /// <param name="capacity">Entries of an area: more than there are keys.</param>
    /// <param name="flaw">What is wrong on purpose.</param>
    public PersistentStore(IPersistentMemory memory, int capacity, StoreFlaw flaw = StoreFlaw.None)
    {
        this.memory = memory;
        this.capacity = capacity;
        this.flaw = flaw;
        round = BinaryPrimitives.ReadInt64LittleEndian(memory.Read(0, sizeof(long)));
        while (used < capacity && TryRead(used, out long key, out long value))
        {
            Apply(key, value);
            used++;
        }

        // An entry behind the end that arrived although the one before it did not would count again once that one is written anew.
        if (flaw != StoreFlaw.LeavesWhatFollows)
        {
            Compact();
        }
    }

    /// <summary>The keys and values.</summary>
    public IReadOnlyDictionary<long, long> Values => values;

    /// <summary>The store as the next opening finds it.</summary>
    public PersistentStore Reopen() => new(memory, capacity, flaw);

    /// <summary>Gives a key a value. Durable when this returns.</summary>
    public void Put(long key, long value) => Change([(key, value)]);

    /// <summary>Takes a key away. Durable when this returns.</summary>
    public void Remove(long key) => Change([(key, Removed)]);

    /// <summary>Makes several changes, which become durable together: one fence for all. A power cut leaves the first so many of them.</summary>
    public void Change(IReadOnlyList<(long Key, long Value)> changes)
    {
        if (used + changes.Count > capacity)
        {
            Compact();
        }

        foreach ((long key, long value) in changes)
        {
            Write(round, used++, key, value);
            Apply(key, value);
        }

        memory.Drain();
    }

    private void Apply(long key, long value)
    {
        if (value == Removed)
        {
            values.Remove(key);
        }
        else
        {
            values[key] = value;
        }
    }

    private void Compact()
    {
        int count = 0;
        foreach ((long key, long value) in values)
        {
            Write(round + 1, count++, key, value);
        }

        if (flaw != StoreFlaw.RoundBeforeEntries)
        {
            memory.Drain();
        }

        Span<byte> word = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(word, ++round);
        memory.Store(0, word);
        memory.Persist(0, sizeof(long));
        used = count;
    }

    // The two areas take turns.
    private long OffsetOf(long ofRound, int number) => FirstEntry + ((((ofRound & 1) * capacity) + number) * EntryBytes);

    private void Write(long ofRound, int number, long key, long value)
    {
        Span<byte> entry = stackalloc byte[4 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(entry, key);
        BinaryPrimitives.WriteInt64LittleEndian(entry[8..], value);
        BinaryPrimitives.WriteInt64LittleEndian(entry[16..], (ofRound * capacity) + number);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], flaw == StoreFlaw.NoChecksum ? 1 : XxHash3.HashToUInt64(entry[..24]) | 1);
        long offset = OffsetOf(ofRound, number);
        if (flaw == StoreFlaw.NoChecksum)
        {
            memory.Store(offset + 24, entry[24..]);
            memory.Store(offset, entry[..24]);
        }
        else
        {
            memory.Store(offset, entry);
        }

        memory.Flush(offset, entry.Length);
    }

    private bool TryRead(int number, out long key, out long value)
    {
        ReadOnlySpan<byte> entry = memory.Read(OffsetOf(round, number), 4 * sizeof(long));
        key = BinaryPrimitives.ReadInt64LittleEndian(entry);
        value = BinaryPrimitives.ReadInt64LittleEndian(entry[8..]);
        ulong checksum = BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]);
        return flaw == StoreFlaw.NoChecksum
            ? checksum == 1
            : checksum == (XxHash3.HashToUInt64(entry[..24]) | 1) && BinaryPrimitives.ReadInt64LittleEndian(entry[16..]) == (round * capacity) + number;
    }
}
