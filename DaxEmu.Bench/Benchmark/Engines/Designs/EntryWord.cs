using System.Runtime.CompilerServices;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>A word of the designs: a place and some bits, one of them a lock.</summary>
internal static class EntryWord
{
    public const ulong Locked = 1;
    public const ulong Present = 2;
    public const ulong Writable = 4;
    public const ulong Dirty = 8;
    public const int PlaceShift = 12;

    /// <summary>What is stored behind the bits.</summary>
    public static long PlaceOf(ulong word) => (long)(word >> PlaceShift);

    /// <summary>A place as a part of a word.</summary>
    public static ulong OfPlace(long place) => (ulong)place << PlaceShift;

    /// <summary>Sets the lock bit, and waits while another thread has it.</summary>
    /// <returns>The word without it.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Lock(ref ulong word)
    {
        ulong seen = Volatile.Read(ref word) & ~Locked;
        return Interlocked.CompareExchange(ref word, seen | Locked, seen) == seen ? seen : LockSlow(ref word);
    }

    /// <summary>Stores the word without the lock bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unlock(ref ulong word, ulong value) => Volatile.Write(ref word, value);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong LockSlow(ref ulong word)
    {
        SpinWait wait = default;
        while (true)
        {
            ulong seen = Volatile.Read(ref word) & ~Locked;
            if (Interlocked.CompareExchange(ref word, seen | Locked, seen) == seen)
            {
                return seen;
            }

            wait.SpinOnce(sleep1Threshold: -1);
        }
    }
}
