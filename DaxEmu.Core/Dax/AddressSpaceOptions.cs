using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core;

/// <summary>What can be chosen for a file's mapping.</summary>
public sealed record AddressSpaceOptions
{
    /// <summary>The profile of the entry locks; all fixes by default.</summary>
    public WaitProfile Profile { get; init; } = WaitProfiles.Fixed;

    /// <summary>The kernel whose behaviour is modelled; the newer one by default.</summary>
    public KernelBehaviour Behaviour { get; init; } = KernelBehaviour.Linux612;

    /// <summary>The largest size that the file can have, in bytes; up to 16 TiB. Only addresses are taken for it (0.2 % of it).</summary>
    public long MaximumSizeBytes { get; init; } = 1L << 40;

    /// <summary>
    /// Whether the tables of a file of 512 MiB or more, and of VMAs as large, may lie in 2 MiB pages of the host. Random faults need half the time
    /// then; a mapping with few entries costs up to a five-hundredth of its size for each of the two tables.
    /// </summary>
    public bool UsesHugeTables { get; init; } = true;

    /// <summary>Receives the mapping's events; null for none.</summary>
    public IDaxEventSink? Sink { get; init; }

    /// <summary>The file's name in messages; null for "file" and its id.</summary>
    public string? Name { get; init; }

    /// <summary>The wait table; the process has one, a checker's scenario brings its own.</summary>
    internal WaitTable? Waits { get; init; }

    /// <summary>The mapping's id; 0 for the next free one. A checker's scenario sets it, so that its keys hash alike in every run.</summary>
    internal long Id { get; init; }

    /// <summary>Whether the maker holds a reference to the device, which may have been disposed then.</summary>
    internal bool IsDeviceHeld { get; init; }

    /// <summary>A historic bug to be switched on: writeback leaves translations writable (B08).</summary>
    internal bool StaysWritable { get; init; }

    /// <summary>A historic bug to be switched on: writeback write-protects only mappings that show the entry's first page (B27).</summary>
    internal bool ProtectsFirstPageOnly { get; init; }
}
