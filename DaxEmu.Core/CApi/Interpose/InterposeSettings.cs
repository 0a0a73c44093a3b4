namespace DaxEmu.Core.CApi.Interpose;

/// <summary>How a program is shown a volume.</summary>
internal sealed unsafe class InterposeSettings
{
    /// <summary>The file or block device that holds the volume.</summary>
    public required string VolumePath { get; init; }

    /// <summary>The path under which the program sees it: absolute, without a '/' at its end.</summary>
    public string Prefix { get; init; } = "/dax";

    /// <summary>How files are opened: profile, sink.</summary>
    public DaxFileOptions FileOptions { get; init; } = DaxFileOptions.Default;

    /// <summary>How the device is opened.</summary>
    public PmemDeviceOptions DeviceOptions { get; init; } = PmemDeviceOptions.Default;

    /// <summary>Receives each line for the user once; null for standard error.</summary>
    public Action<string>? Note { get; init; }

    /// <summary>Where it is counted how often the program unmaps or protects memory; null if nothing does. What was checked before holds until then.</summary>
    public int* Unmaps { get; init; }

    /// <summary>A byte a descriptor, which says whether calls on it are to arrive here; null if all do.</summary>
    public byte* DescriptorMarks { get; init; }

    /// <summary>How many of those.</summary>
    public int DescriptorMarkCount { get; init; }

    /// <summary>Called when the volume is mounted (true) and let go (false) by this process; null for no call.</summary>
    public Action<bool>? MountChanged { get; init; }

    /// <summary>Whether an empty volume is made if there is none.</summary>
    public bool FormatsNew { get; init; }

    /// <summary>Bytes around a fault that are mapped with it; 0 for none.</summary>
    public long FaultAroundBytes { get; init; }

    /// <summary>The lowest descriptor that the library takes for itself, where the program does not expect it.</summary>
    public int LowestDescriptor { get; init; } = 700;

    /// <summary>A file by which the processes that share the volume say that they wait for it; null if none gives it to another before it ends.</summary>
    public string? TurnPath { get; init; }

    /// <summary>How long a call waits for another process that has the volume mounted, before it fails with EBUSY.</summary>
    public TimeSpan BusyWait { get; init; } = TimeSpan.FromSeconds(2);
}
