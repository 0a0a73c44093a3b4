using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core;

/// <summary>What can be chosen for a file.</summary>
public sealed record DaxFileOptions
{
    /// <summary>XFS, a newer kernel, all fixes.</summary>
    public static DaxFileOptions Default { get; } = new();

    /// <summary>The profile of the entry locks; all fixes by default.</summary>
    public WaitProfile Profile { get; init; } = WaitProfiles.Fixed;

    /// <summary>The kernel whose behaviour is modelled; the newer one by default.</summary>
    public KernelBehaviour Behaviour { get; init; } = KernelBehaviour.Linux612;

    /// <summary>The file system that is modelled; XFS by default.</summary>
    public FileSystemModel FileSystem { get; init; } = FileSystemModel.Xfs;

    /// <summary>The largest size that the file can have, in bytes; up to 16 TiB. Only addresses are taken for it (0.2 % of it).</summary>
    public long MaximumSizeBytes { get; init; } = 1L << 40;

    /// <summary>
    /// Whether an operation that takes blocks from the file waits for pins of them (the default, as the kernel does), or fails with
    /// <see cref="DaxException"/> (EBUSY). A thread that waits for a pin of its own waits for <see cref="PinTimeout"/>.
    /// </summary>
    public bool WaitsForPins { get; init; } = true;

    /// <summary>
    /// How long such an operation waits before it fails with EBUSY; <see cref="Timeout.InfiniteTimeSpan"/>, the default, for ever.
    /// </summary>
    public TimeSpan PinTimeout { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The mapping's id; 0 for the next free one. A checker sets it, so that wait keys hash alike in every run.</summary>
    internal long MappingId { get; init; }

    /// <summary>How much longer an entry is locked in each fault that asks for an extent; zero for no longer.</summary>
    internal TimeSpan FaultHold { get; init; }

    /// <summary>Receives the file's events; null for none.</summary>
    public IDaxEventSink? Sink { get; init; }

    /// <summary>
    /// Stores the file's extents so that they survive a crash; null if nothing is to be stored. For tests of what is durable when.
    /// </summary>
    internal Action<IReadOnlyList<Extent>>? MakeDurable { get; init; }

    /// <summary>Where threads sleep for the file's entries; null for the table of the process. For scenarios whose waiters may stay for ever.</summary>
    internal WaitTable? Waits { get; init; }
}
