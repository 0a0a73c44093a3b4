using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>The choices of a case: the same for the same seed, in each version of the runtime.</summary>
internal sealed class FuzzRandom(ulong seed)
{
    private SeededRandom random = new(seed);

    /// <summary>A number below <paramref name="bound"/>.</summary>
    public int Below(int bound) => random.Below(bound);

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public int Between(int least, int most) => least + random.Below(most - least + 1);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => random.Below(times) == 0;

    /// <summary>One of some values.</summary>
    public T Pick<T>(IReadOnlyList<T> values) => values[random.Below(values.Count)];

    /// <summary>A byte of any value.</summary>
    public byte Byte() => (byte)random.Below(256);

    /// <summary>A count that is mostly small: <paramref name="least"/>, and twice as much half as often, up to a bound.</summary>
    public int Geometric(int least, int most)
    {
        int value = least;
        while (value < most && random.Below(2) == 0)
        {
            value = Math.Min(most, value * 2);
        }

        return value;
    }
}
