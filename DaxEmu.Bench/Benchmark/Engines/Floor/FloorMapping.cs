using System.Numerics;
using System.Runtime.CompilerServices;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines.Floor;

/// <summary>
/// The least that any design must do to a file's entries: set and release the lock bit of a word, store a translation. Words are as many, and as
/// far apart, as those of a flat table: 8 bytes a unit.
/// </summary>
/// <remarks>Nothing is checked, nothing can fail, and no thread ever meets another's lock for longer than a few instructions: it is a measure, not a design.</remarks>
internal sealed unsafe class FloorMapping : IDisposable
{
    private const ulong LockedBit = 1;
    private const ulong PresentBit = 2;
    private const ulong DirtyBit = 4;
    private const int PlaceShift = 12;

    private readonly ReservedRegion memory;
    private readonly ulong* entries;
    private readonly ulong* owners;
    private readonly ulong* translations;

    /// <summary>The words of a mapping of so many units; none is present.</summary>
    public FloorMapping(long unitCount)
    {
        UnitCount = unitCount;

        // SAFETY: the three arrays lie one after the other in the region, which holds exactly their sum.
        memory = ReservedRegion.Reserve(3 * unitCount * sizeof(ulong));
        entries = (ulong*)memory.Base;
        owners = entries + unitCount;
        translations = owners + unitCount;
    }

    /// <summary>Its units: pages, or 2 MiB.</summary>
    public long UnitCount { get; }

    /// <summary>The translations, a word a unit.</summary>
    public ReadOnlySpan<ulong> Translations => new(translations, checked((int)UnitCount));

    /// <summary>The words as a value, for a loop that keeps their addresses in registers.</summary>
    public Words Arrays(bool isWrite) => new(entries, owners, translations, isWrite ? DirtyBit : 0);

    /// <summary>One load and one store a unit, no lock.</summary>
    public void Populate(long first, long count)
    {
        for (long unit = first; unit < first + count; unit++)
        {
            ulong entry = entries[unit];
            if ((entry & PresentBit) != 0)
            {
                translations[unit] = entry;
            }
        }
    }

    /// <summary>A translation in every word, for a mapping whose entries are another's.</summary>
    public void Fill()
    {
        for (long unit = 0; unit < UnitCount; unit++)
        {
            translations[unit] = ((ulong)unit << PlaceShift) | PresentBit;
        }
    }

    /// <summary>One store a unit.</summary>
    public void Zap(long first, long count) => Clear(translations, first, count);

    /// <summary>A store to each word of a unit.</summary>
    public void Truncate(long first, long count)
    {
        Clear(translations, first, count);
        Clear(entries, first, count);
        Clear(owners, first, count);
    }

    /// <summary>How many units of a run are dirty: each word is loaded once, several by one instruction.</summary>
    public long CountDirty(long first, long count)
    {
        Vector<ulong> found = Vector<ulong>.Zero;
        long unit = first;
        for (; unit + Vector<ulong>.Count <= first + count; unit += Vector<ulong>.Count)
        {
            found += Unsafe.ReadUnaligned<Vector<ulong>>(entries + unit) >> 2 & Vector<ulong>.One;
        }

        long total = (long)Vector.Sum(found);
        for (; unit < first + count; unit++)
        {
            total += (long)(entries[unit] >> 2 & 1);
        }

        return total;
    }

    /// <summary>Flushes bytes in a plain loop over the units, with one fence at the end.</summary>
    public static void Flush(FlushInstruction instruction, nint start, long first, long count, long unitBytes)
    {
        for (long unit = first; unit < first + count; unit++)
        {
            instruction.Flush(start + (nint)(unit * unitBytes), unitBytes);
        }

        FlushInstruction.Fence();
    }

    public void Dispose() => memory.Dispose();

    private static void Clear(ulong* words, long first, long count) => new Span<ulong>(words + first, checked((int)count)).Clear();

    /// <summary>The addresses of the three arrays, and what a fault of this kind makes of an entry.</summary>
    public readonly struct Words(ulong* entries, ulong* owners, ulong* translations, ulong dirty)
    {
        private readonly ulong* entries = entries;
        private readonly ulong* owners = owners;
        private readonly ulong* translations = translations;
        private readonly ulong dirty = dirty;

        /// <summary>One lock bit, one translation.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Refault(long unit)
        {
            ulong entry = Lock(ref entries[unit]) | dirty;
            translations[unit] = entry;
            Volatile.Write(ref entries[unit], entry);
        }

        /// <summary>Two lock bits, of the entry and of what stands for its page; both filled; one translation.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Insert(long unit)
        {
            _ = Lock(ref entries[unit]);
            _ = Lock(ref owners[unit]);
            ulong entry = ((ulong)unit << PlaceShift) | PresentBit | dirty;
            Volatile.Write(ref owners[unit], ((ulong)unit << PlaceShift) | PresentBit);
            translations[unit] = entry;
            Volatile.Write(ref entries[unit], entry);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static ulong Lock(ref ulong word)
        {
            ulong seen = word & ~LockedBit;
            ulong found;
            while ((found = Interlocked.CompareExchange(ref word, seen | LockedBit, seen)) != seen)
            {
                seen = found & ~LockedBit;
            }

            return seen;
        }
    }
}
