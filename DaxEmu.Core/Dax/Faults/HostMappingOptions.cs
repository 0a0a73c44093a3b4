using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>Where a file is mapped at real addresses, and how.</summary>
internal sealed record HostMappingOptions
{
    /// <summary>The kernel's choice, no fault-around.</summary>
    public static HostMappingOptions Default { get; } = new();

    /// <summary>The first address, or a hint; 0 for none.</summary>
    public nint Address { get; init; }

    /// <summary>What <see cref="Address"/> means.</summary>
    public HostPlace Place { get; init; }

    /// <summary>
    /// Bytes around an access, a power of two from 4096 up, whose pages are mapped with it where they have entries; 0 for none, as in the kernel, which has
    /// no fault-around for DAX. With a store, all of them become dirty.
    /// </summary>
    public long FaultAroundBytes { get; init; }

    /// <summary>Whether it may be read at first (<c>PROT_READ</c>).</summary>
    public bool CanRead { get; init; } = true;

    /// <summary>Whether it may be written at first (<c>PROT_WRITE</c>); not a read-only shared one.</summary>
    public bool CanWrite { get; init; } = true;

    /// <summary>Where in 2 MiB a chosen address lies, in pages; by default as the file's page does, so that 2 MiB faults can be served.</summary>
    public int? LeadPages { get; init; }

    /// <summary>A fault to be planted: pages whose translations are dropped stay shown.</summary>
    public bool KeepsDropped { get; init; }
}
