namespace DaxEmu.Core.Dax.Faults;

/// <summary>Addresses that a mapping has: no two mappings have the same, and one may have several runs, with another's in between.</summary>
/// <param name="Start">The first one.</param>
/// <param name="End">The one after the last.</param>
/// <param name="Mapping">The mapping.</param>
internal readonly record struct HostAddresses(nint Start, nint End, HostMapping Mapping)
{
    /// <summary>How many bytes.</summary>
    public long Length => End - Start;

    /// <summary>The first byte's place in the file.</summary>
    public long FileOffset => Mapping.Area.FirstIndex.OffsetBytes + (Start - Mapping.Address);
}
