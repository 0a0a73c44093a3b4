using System.Numerics;

namespace DaxEmu.Core.Iomap;

/// <summary>A set of small numbers, a bit each, that finds runs a word at a time. Not thread-safe.</summary>
internal sealed class PageBits
{
    private const int BitsPerWord = 64;

    private readonly ulong[] words;

    public PageBits(long length)
    {
        Length = length;
        words = new ulong[(length + BitsPerWord - 1) / BitsPerWord];
    }

    /// <summary>Numbers from 0 up to this one may be in the set.</summary>
    public long Length { get; }

    public bool IsSet(long at) => (words[at / BitsPerWord] >> (int)(at % BitsPerWord) & 1) != 0;

    public void Assign(long at, bool value)
    {
        ulong bit = 1UL << (int)(at % BitsPerWord);
        ref ulong word = ref words[at / BitsPerWord];
        word = value ? word | bit : word & ~bit;
    }

    /// <summary>Puts a run in. All of it must be out.</summary>
    /// <exception cref="InvalidOperationException">A number is in already.</exception>
    public void Set(long first, long count) => Flip(first, count, expected: 0);

    /// <summary>Takes a run out. All of it must be in.</summary>
    /// <exception cref="InvalidOperationException">A number is out already.</exception>
    public void Clear(long first, long count) => Flip(first, count, expected: ulong.MaxValue);

    /// <summary>The first number in the set from <paramref name="from"/> on; <paramref name="end"/> if there is none before it.</summary>
    public long NextSet(long from, long end) => Next(from, end, invert: 0);

    /// <summary>The first number not in the set from <paramref name="from"/> on; <paramref name="end"/> if there is none before it.</summary>
    public long NextClear(long from, long end) => Next(from, end, invert: ulong.MaxValue);

    /// <summary>The first number in the set from <paramref name="from"/> on, else from 0 on; -1 if the set is empty.</summary>
    public long NextSetAround(long from)
    {
        long at = NextSet(from, Length);
        if (at < Length)
        {
            return at;
        }

        at = NextSet(0, from);
        return at < from ? at : -1;
    }

    private long Next(long from, long end, ulong invert)
    {
        if (from >= end)
        {
            return end;
        }

        long index = from / BitsPerWord;
        ulong word = (words[index] ^ invert) >> (int)(from % BitsPerWord) << (int)(from % BitsPerWord);
        while (word == 0)
        {
            index++;
            if (index * BitsPerWord >= end)
            {
                return end;
            }

            word = words[index] ^ invert;
        }

        return Math.Min(end, (index * BitsPerWord) + BitOperations.TrailingZeroCount(word));
    }

    private void Flip(long first, long count, ulong expected)
    {
        long end = first + count;
        while (first < end)
        {
            int low = (int)(first % BitsPerWord);
            int length = (int)Math.Min(BitsPerWord - low, end - first);
            ulong mask = (length == BitsPerWord ? ulong.MaxValue : (1UL << length) - 1) << low;
            ref ulong word = ref words[first / BitsPerWord];
            if ((word & mask) != (expected & mask))
            {
                throw new InvalidOperationException($"A number of the run from {first} is in the wrong state.");
            }

            word ^= mask;
            first += length;
        }
    }
}
