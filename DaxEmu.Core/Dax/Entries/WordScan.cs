using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>Looks for words that have one of some bits.</summary>
/// <remarks>
/// Outside a scheduler, whose steps these loads would be, vectors at a time. Each word is a load of its own, at some moment of the call:
/// an aligned vector load of x86-64 never tears its 8-byte parts. So what is found is a hint, as a plain load of the word is.
/// </remarks>
internal static unsafe class WordScan
{
    /// <summary>The first word with one of the bits; the count if none has.</summary>
    /// <param name="words">The words, 8-byte aligned.</param>
    /// <param name="count">How many.</param>
    /// <param name="bits">The bits.</param>
    /// <param name="site">What the loads are to a scheduler.</param>
    // Optimized at once, as the other: a sync of a large file is seldom, and would spend itself in the slow first tier.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long First(ulong* words, long count, ulong bits, Site site)
    {
        long at = 0;
        if (Atomic.Current is null && Vector256.IsHardwareAccelerated)
        {
            // Two vectors a step: enough to be bound by memory.
            var mask = Vector256.Create(bits);
            for (; at + (2 * Vector256<ulong>.Count) <= count; at += 2 * Vector256<ulong>.Count)
            {
                Vector256<ulong> either = Vector256.Load(words + at) | Vector256.Load(words + at + Vector256<ulong>.Count);
                if ((either & mask) != Vector256<ulong>.Zero)
                {
                    break;
                }
            }
        }

        while (at < count && (Atomic.Load(ref words[at], site) & bits) == 0)
        {
            at++;
        }

        return at;
    }

    /// <summary>Which of 64 words have one of the bits.</summary>
    /// <param name="words">The words, 8-byte aligned.</param>
    /// <param name="wanted">Which of them to look at, a bit each.</param>
    /// <param name="bits">The bits.</param>
    /// <param name="site">What the loads are to a scheduler.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ulong Mask(ulong* words, ulong wanted, ulong bits, Site site)
    {
        ulong found = 0;
        if (Atomic.Current is null && Avx512F.IsSupported)
        {
            var mask = Vector512.Create(bits);
            for (int i = 0; i < 64; i += Vector512<ulong>.Count)
            {
                Vector512<ulong> clear = Vector512.Equals(Vector512.Load(words + i) & mask, Vector512<ulong>.Zero);
                found |= (~clear.ExtractMostSignificantBits() & 0xFF) << i;
            }

            return found & wanted;
        }

        if (Atomic.Current is null && Vector256.IsHardwareAccelerated)
        {
            var mask = Vector256.Create(bits);
            for (int i = 0; i < 64; i += Vector256<ulong>.Count)
            {
                Vector256<ulong> clear = Vector256.Equals(Vector256.Load(words + i) & mask, Vector256<ulong>.Zero);
                found |= (ulong)(~clear.ExtractMostSignificantBits() & 0xF) << i;
            }

            return found & wanted;
        }

        for (ulong rest = wanted; rest != 0; rest &= rest - 1)
        {
            int i = BitOperations.TrailingZeroCount(rest);
            found |= (Atomic.Load(ref words[i], site) & bits) != 0 ? 1UL << i : 0;
        }

        return found;
    }
}
