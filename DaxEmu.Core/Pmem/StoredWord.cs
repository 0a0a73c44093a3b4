namespace DaxEmu.Core.Pmem;

/// <summary>Bytes that were stored to an aligned word of 8.</summary>
/// <param name="Word">Which: its offset divided by 8.</param>
/// <param name="Value">The bytes, at their places in the word.</param>
/// <param name="Mask">All ones in the bytes that were stored.</param>
internal readonly record struct StoredWord(long Word, ulong Value, ulong Mask)
{
    /// <summary>What the word holds after the store, if it held <paramref name="before"/>.</summary>
    public ulong Over(ulong before) => (before & ~Mask) | (Value & Mask);
}
