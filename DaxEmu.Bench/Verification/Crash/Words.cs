using System.Buffers.Binary;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>Words of 8 bytes on persistent memory.</summary>
internal static class Words
{
    /// <summary>Bytes of a word.</summary>
    public const int Bytes = sizeof(ulong);

    /// <summary>Reads a word.</summary>
    public static ulong ReadWord(this IPersistentMemory memory, long offset) => BinaryPrimitives.ReadUInt64LittleEndian(memory.Read(offset, Bytes));

    /// <summary>Stores a word, at once where it is aligned.</summary>
    public static void StoreWord(this IPersistentMemory memory, long offset, ulong value)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        memory.Store(offset, bytes);
    }

    /// <summary>Stores a word and makes it durable.</summary>
    public static void PersistWord(this IPersistentMemory memory, long offset, ulong value)
    {
        memory.StoreWord(offset, value);
        memory.Persist(offset, Bytes);
    }

    /// <summary>Stores as careless code does: through a span, of which nothing knows. On what a cut has left a plain store.</summary>
    public static void StoreRaw(this IPersistentMemory memory, long offset, ReadOnlySpan<byte> source)
    {
        if (memory is PmemDevice device)
        {
            source.CopyTo(device.GetSpan(new Pfn(0), device.PageCount)[(int)offset..]);
        }
        else
        {
            memory.Store(offset, source);
        }
    }
}
