using System.Buffers.Binary;
using System.IO.Hashing;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash.HashStore;

/// <summary>A hash table on persistent memory: put, delete, move of a key, each all or nothing.</summary>
/// <remarks>
/// An entry is never changed: a new value goes to a free slot, with a number one higher than all before, and a checksum over all of it. Of the
/// entries of a key the one with the highest number counts. So one fence makes a put durable, and the old entry is freed after it: its
/// first word becomes 0, which needs no fence of its own until a delete, because a delete leaves no newer entry that outranks it. A move is
/// a put that also names the key that it removes.
/// </remarks>
internal sealed class PersistentHashStore
{
    private const int CountOffset = 0;
    private const int FirstSlot = 128;
    private const int SlotBytes = 128;
    private const int SlotCount = 16;
    private const int NumberOffset = 0;
    private const int ChecksumOffset = 8;
    private const int KeyOffset = 16;
    private const int RemovedOffset = 24;
    private const int LengthOffset = 32;
    private const int ValueOffset = 40;

    private readonly IPersistentMemory memory;
    private readonly HashStoreBug bug;
    private readonly int[] slotOfKey = new int[SlotCount];
    private readonly ulong[] keys = new ulong[SlotCount];
    private readonly bool[] isUsed = new bool[SlotCount];
    private int count;
    private ulong last;

    private PersistentHashStore(IPersistentMemory memory, HashStoreBug bug)
    {
        this.memory = memory;
        this.bug = bug;
    }

    /// <summary>The longest value.</summary>
    public const int LongestValue = SlotBytes - ValueOffset;

    /// <summary>How many keys there are.</summary>
    public int Count => count;

    /// <summary>Makes memory an empty store.</summary>
    public static void Format(IPersistentMemory memory)
    {
        int length = FirstSlot + (SlotCount * SlotBytes);
        memory.Store(0, new byte[length]);
        memory.Persist(0, length);
    }

    /// <summary>Opens a store: finds its entries, and frees what a power cut has left of others.</summary>
    public static PersistentHashStore Open(IPersistentMemory memory, HashStoreBug bug = HashStoreBug.None)
    {
        var store = new PersistentHashStore(memory, bug);
        store.Recover();
        return store;
    }

    /// <summary>The store as the next opening finds it.</summary>
    public PersistentHashStore Reopen() => Open(memory, bug);

    /// <summary>The value of a key, in place; empty if there is none.</summary>
    public ReadOnlySpan<byte> Get(ulong key) => IndexOf(key) is var index and >= 0
        ? memory.Read(OffsetOf(slotOfKey[index]) + ValueOffset, (int)memory.ReadWord(OffsetOf(slotOfKey[index]) + LengthOffset))
        : default;

    /// <summary>Gives a key a value. Durable when it returns; before, it has the old one or the new one.</summary>
    public void Put(ulong key, ReadOnlySpan<byte> value) => Put(key, value, removed: 0);

    /// <summary>Takes a key away. Durable when it returns.</summary>
    public void Delete(ulong key)
    {
        int index = IndexOf(key);
        if (index < 0)
        {
            return;
        }

        if (bug != HashStoreBug.DeleteWithoutFence)
        {
            memory.Drain(); // an older entry of the key is freed for certain
        }

        Free(slotOfKey[index]);
        memory.Drain();
        Forget(index);
        PersistCount();
    }

    /// <summary>Gives a key's value to another key. Durable when it returns; before, the one or the other has it.</summary>
    public void Move(ulong from, ulong to)
    {
        byte[] value = Get(from).ToArray();
        if (value.Length == 0)
        {
            return;
        }

        if (bug == HashStoreBug.MoveDeletesFirst)
        {
            Delete(from);
            Put(to, value);
        }
        else
        {
            Put(to, value, from);
        }
    }

    private static long OffsetOf(int slot) => FirstSlot + ((long)slot * SlotBytes);

    private static ulong ChecksumOf(ReadOnlySpan<byte> entry, bool coversValue)
    {
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(entry);
        int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(entry[LengthOffset..]);
        return XxHash3.HashToUInt64(entry[KeyOffset..(coversValue ? ValueOffset + length : ValueOffset)], (long)number);
    }

    private void Put(ulong key, ReadOnlySpan<byte> value, ulong removed)
    {
        int old = IndexOf(key);
        int oldSlot = old >= 0 ? slotOfKey[old] : -1;
        int removedIndex = removed != 0 ? IndexOf(removed) : -1;
        int removedSlot = removedIndex >= 0 ? slotOfKey[removedIndex] : -1;
        if (bug == HashStoreBug.CountBeforeEntry && old < 0)
        {
            memory.PersistWord(CountOffset, (ulong)count + 1);
        }

        if (bug == HashStoreBug.OldFreedFirst && oldSlot >= 0)
        {
            Free(oldSlot);
            memory.Drain();
        }

        int slot = FreeSlot(key);
        Write(slot, key, value, removed);
        if (bug != HashStoreBug.MissingFence)
        {
            memory.Drain();
        }

        isUsed[slot] = true;
        Remember(key, slot);
        foreach (int replaced in (ReadOnlySpan<int>)[oldSlot, removedSlot])
        {
            if (replaced >= 0)
            {
                Free(replaced);
                isUsed[replaced] = false;
            }
        }

        if (removedIndex >= 0 && removed != key)
        {
            // The entry that removes the key is freed by a later put only after a fence, which covers this.
            Forget(IndexOf(removed));
        }
    }

    private void Write(int slot, ulong key, ReadOnlySpan<byte> value, ulong removed)
    {
        Span<byte> entry = stackalloc byte[SlotBytes];
        entry.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(entry[NumberOffset..], ++last);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[KeyOffset..], key);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[RemovedOffset..], removed);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[LengthOffset..], (ulong)value.Length);
        value.CopyTo(entry[ValueOffset..]);
        BinaryPrimitives.WriteUInt64LittleEndian(entry[ChecksumOffset..], ChecksumOf(entry, bug != HashStoreBug.HeadBeforeBody));
        long offset = OffsetOf(slot);
        int length = ValueOffset + value.Length;
        switch (bug)
        {
            case HashStoreBug.HeadBeforeBody:
                memory.Store(offset, entry[..ValueOffset]);
                memory.Persist(offset, ValueOffset);
                memory.Store(offset + ValueOffset, value);
                memory.Flush(offset, length);
                break;
            case HashStoreBug.MissingFlush:
                memory.Store(offset, entry[..ValueOffset]);
                memory.StoreRaw(offset + ValueOffset, value);
                memory.Flush(offset, ValueOffset);
                break;
            default:
                memory.Store(offset, entry[..length]);
                memory.Flush(offset, length);
                break;
        }
    }

    private void Recover()
    {
        Span<ulong> numbers = stackalloc ulong[SlotCount];
        Span<ulong> removed = stackalloc ulong[SlotCount];
        int left = bug == HashStoreBug.CountBeforeEntry ? (int)memory.ReadWord(CountOffset) : SlotCount;
        for (int slot = 0; slot < SlotCount; slot++)
        {
            long offset = OffsetOf(slot);
            numbers[slot] = memory.ReadWord(offset);
            if (numbers[slot] == 0)
            {
                continue;
            }

            ulong length = memory.ReadWord(offset + LengthOffset);
            if (length > LongestValue || !IsValid(memory.Read(offset, ValueOffset + (int)length)))
            {
                numbers[slot] = 0;
                Free(slot);
                continue;
            }

            last = Math.Max(last, numbers[slot]);
            removed[slot] = memory.ReadWord(offset + RemovedOffset);
        }

        for (int slot = 0; slot < SlotCount; slot++)
        {
            if (numbers[slot] == 0)
            {
                continue;
            }

            if (IsOutranked(slot, numbers, removed))
            {
                Free(slot);
            }
            else
            {
                isUsed[slot] = true;
                Remember(memory.ReadWord(OffsetOf(slot) + KeyOffset), slot);
            }
        }

        // What outranked others may be freed by the next put: they must be gone before.
        memory.Drain();
        count = bug == HashStoreBug.CountBeforeEntry ? left : count;
    }

    private bool IsValid(ReadOnlySpan<byte> entry) =>
        BinaryPrimitives.ReadUInt64LittleEndian(entry[ChecksumOffset..]) == ChecksumOf(entry, bug != HashStoreBug.HeadBeforeBody);

    private bool IsOutranked(int slot, ReadOnlySpan<ulong> numbers, ReadOnlySpan<ulong> removed)
    {
        ulong key = memory.ReadWord(OffsetOf(slot) + KeyOffset);
        for (int other = 0; other < SlotCount; other++)
        {
            if (numbers[other] > numbers[slot] && (removed[other] == key || memory.ReadWord(OffsetOf(other) + KeyOffset) == key))
            {
                return true;
            }
        }

        return false;
    }

    private void Free(int slot)
    {
        memory.StoreWord(OffsetOf(slot), 0);
        memory.Flush(OffsetOf(slot), Words.Bytes);
    }

    private int FreeSlot(ulong key)
    {
        int first = (int)(XxHash3.HashToUInt64(BitConverter.GetBytes(key)) % SlotCount);
        for (int i = 0; i < SlotCount; i++)
        {
            int slot = (first + i) % SlotCount;
            if (!isUsed[slot])
            {
                return slot;
            }
        }

        throw new InvalidOperationException($"the store is full: it has {SlotCount} slots.");
    }

    private int IndexOf(ulong key) => Array.IndexOf(keys, key, 0, Math.Min(count, SlotCount));

    private void Remember(ulong key, int slot)
    {
        int index = IndexOf(key);
        if (index < 0)
        {
            index = count++;
            keys[index] = key;
        }

        slotOfKey[index] = slot;
    }

    private void Forget(int index)
    {
        isUsed[slotOfKey[index]] = false;
        count--;
        keys[index] = keys[count];
        slotOfKey[index] = slotOfKey[count];
    }

    private void PersistCount()
    {
        if (bug == HashStoreBug.CountBeforeEntry)
        {
            memory.PersistWord(CountOffset, (ulong)count);
        }
    }
}
