namespace DaxEmu.Core;

/// <summary>How a <see cref="HostVolume"/> is mounted.</summary>
public sealed record HostVolumeOptions
{
    /// <summary>The options that hold if none are given.</summary>
    public static HostVolumeOptions Default { get; } = new();

    /// <summary>The profile of the entry locks; all fixes by default.</summary>
    public WaitProfile Profile { get; init; } = WaitProfiles.Fixed;

    /// <summary>The kernel whose behaviour is modelled.</summary>
    public KernelBehaviour Behaviour { get; init; } = KernelBehaviour.Linux612;

    /// <summary>The file system that is modelled.</summary>
    public FileSystemModel FileSystem { get; init; } = FileSystemModel.Xfs;

    /// <summary>Whether nothing is to be changed.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>A name for people, for a volume that is made; at most 64 bytes of UTF-8.</summary>
    public string Label { get; init; } = "";

    /// <summary>Bytes around an access, a power of two from 4096 up, whose pages are mapped with it where they have entries; 0 for none, as in the kernel.</summary>
    public long FaultAroundBytes { get; init; }

    /// <summary>How much longer a fault that looks blocks up keeps its entry locked: so threads meet, as on slow storage.</summary>
    public TimeSpan FaultHold { get; init; }

    /// <summary>A historic bug to be switched on, by name, for who shows that a test would find it.</summary>
    internal string? PlantedFault { get; init; }
}
