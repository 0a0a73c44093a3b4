namespace DaxEmu.Core;

/// <summary>Why a device is not mounted, or a volume refuses a change.</summary>
public enum VolumeRefusal
{
    /// <summary>There is no volume on the device.</summary>
    NoVolume,

    /// <summary>There is one of a version, or with features, that is not known here.</summary>
    Newer,

    /// <summary>The device is smaller than the volume.</summary>
    Truncated,

    /// <summary>Something on it is damaged.</summary>
    Damaged,

    /// <summary>It may only be read: so it was mounted, or its storage has failed since.</summary>
    ReadOnly,
}
