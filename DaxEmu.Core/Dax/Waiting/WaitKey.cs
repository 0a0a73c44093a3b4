namespace DaxEmu.Core.Dax.Waiting;

/// <summary>What a waiter sleeps on and a waker wakes: the mapping and the first page of the entry (<c>struct exceptional_entry_key</c>).</summary>
/// <param name="Mapping">The mapping's id. An id and not an address, so that a replayed schedule hashes alike.</param>
/// <param name="Start">First page of the entry that was found.</param>
internal readonly record struct WaitKey(long Mapping, PageIndex Start)
{
    /// <summary>Spreads the key over 2^<paramref name="bits"/> queues.</summary>
    public int Bucket(int bits)
    {
        ulong mixed = ((ulong)Mapping * 0x9E3779B97F4A7C15UL) ^ ((ulong)Start.Value * 0xD1B54A32D192ED03UL);
        return (int)((mixed ^ (mixed >> 32)) * 0x9E3779B97F4A7C15UL >> (64 - bits));
    }
}
