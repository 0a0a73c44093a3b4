namespace DaxEmu.Core.CApi.Interpose;

/// <summary>How a program is shown a volume.</summary>
internal sealed record InterposeSettings
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

    /// <summary>Whether every call of the program is seen that unmaps or protects memory, so that checks of buffers can be remembered.</summary>
    public bool SeesAllCalls { get; init; }

    /// <summary>The lowest descriptor that the library takes for itself, where the program does not expect it.</summary>
    public int LowestDescriptor { get; init; } = 700;

    /// <summary>How long a call waits for another process that has the volume mounted, before it fails with EBUSY.</summary>
    public TimeSpan BusyWait { get; init; } = TimeSpan.FromSeconds(2);
}
