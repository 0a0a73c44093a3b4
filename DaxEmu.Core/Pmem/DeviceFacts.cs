namespace DaxEmu.Core;

/// <summary>What <see cref="DeviceProbe.Probe(string)"/> found at a path.</summary>
/// <param name="Path">The full path.</param>
/// <param name="SizeBytes">Bytes in the file or block device.</param>
/// <param name="SizeProblem">Why a device cannot have this size, and which would do; null if it can.</param>
/// <param name="AvailableBytes">Bytes that the file system around it has left; null for a block device, or if it has no limit.</param>
/// <param name="IsInUse">Whether a device is open on it right now.</param>
/// <param name="Domain">From where on a store there survives a loss of power.</param>
/// <param name="Capabilities">What the place offers, and why not more.</param>
public sealed record DeviceFacts(
    string Path,
    long SizeBytes,
    string? SizeProblem,
    long? AvailableBytes,
    bool IsInUse,
    PersistenceDomain Domain,
    DeviceCapabilities Capabilities)
{
    /// <summary>Bytes to which a device's size and memory are aligned.</summary>
    public int AlignmentBytes { get; init; } = DaxConstants.PmdSize;

    /// <summary>How many bytes of a block device cannot be read (its <c>badblocks</c>).</summary>
    public long BadBytes { get; init; }
}
