namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>128 bits that stand for the content of a device: the sum without carry of a value for each word, so a word's change is cheap.</summary>
internal readonly record struct StateHash(ulong Low, ulong High)
{
    /// <summary>The part of one word.</summary>
    public static StateHash Of(long word, ulong value)
    {
        ulong at = (ulong)word + 1;
        return new StateHash(
            Mix(value + (at * 0x9E3779B97F4A7C15UL), 0xD6E8FEB86659FD93UL),
            Mix((value ^ 0x2545F4914F6CDD1DUL) - (at * 0xD1B54A32D192ED03UL), 0xBF58476D1CE4E5B9UL));
    }

    public static StateHash operator ^(StateHash one, StateHash other) => new(one.Low ^ other.Low, one.High ^ other.High);

    private static ulong Mix(ulong value, ulong factor)
    {
        value ^= value >> 32;
        value *= factor;
        value ^= value >> 29;
        value *= 0x94D049BB133111EBUL;
        return value ^ (value >> 32);
    }
}
