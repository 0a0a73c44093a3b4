namespace DaxEmu.Core;

/// <summary>What a check of a volume has found, or a repair has done.</summary>
/// <param name="Problems">What is wrong, or was before the repair; empty for a sound volume.</param>
/// <param name="Repairs">What was changed; empty for a check.</param>
/// <param name="Id">The volume's id; empty if it has no readable superblock.</param>
/// <param name="Label">Its name for people.</param>
/// <param name="SizeBytes">Bytes of the device that it uses.</param>
/// <param name="FreeBytes">Bytes that neither files nor metadata hold.</param>
/// <param name="FileCount">How many files there are.</param>
/// <param name="DirectoryCount">How many directories, the root included.</param>
/// <param name="ExtentCount">How many extents.</param>
/// <param name="MetadataBytes">Bytes of both copies of the log.</param>
public sealed record VolumeReport(
    IReadOnlyList<VolumeProblem> Problems,
    IReadOnlyList<string> Repairs,
    Guid Id,
    string Label,
    long SizeBytes,
    long FreeBytes,
    long FileCount,
    long DirectoryCount,
    long ExtentCount,
    long MetadataBytes)
{
    /// <summary>Why a mount refuses it; null for a sound volume, and after a repair.</summary>
    public VolumeRefusal? Refusal { get; init; }

    /// <summary>Whether nothing is wrong.</summary>
    public bool IsSound => Problems.Count == 0;
}
