namespace DaxEmu.Bench.Cli;

/// <summary>A size in bytes, or a share of a whole that is known later.</summary>
/// <param name="Bytes">The size; null for a share.</param>
/// <param name="Percent">The share, of a hundred; null for a size.</param>
internal sealed record SizeOrShare(long? Bytes, int? Percent)
{
    private const long Granule = 2 << 20;

    /// <summary>The bytes: of a share those of the whole multiples of 2 MiB in it, and at least 2 MiB.</summary>
    /// <param name="whole">Says of what it is a share.</param>
    public long BytesOf(Func<long> whole) => Bytes ?? Math.Max(1, (long)((Int128)whole() * Percent!.Value / 100) / Granule) * Granule;
}
