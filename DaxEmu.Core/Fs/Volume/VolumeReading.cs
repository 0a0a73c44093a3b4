namespace DaxEmu.Core.Fs.Volume;

/// <summary>What a medium holds, and all that is wrong with it.</summary>
internal sealed class VolumeReading
{
    /// <summary>The superblock; null if neither copy can be read.</summary>
    public Superblock? Superblock { get; set; }

    /// <summary>Where the log lies; null if that cannot be said.</summary>
    public RootSlot? Root { get; set; }

    /// <summary>The state; of a damaged volume as far as the records go.</summary>
    public VolumeState? State { get; set; }

    /// <summary>How far the log counts.</summary>
    public long Tail { get; set; }

    /// <summary>Where the last transaction begins.</summary>
    public long LastTransactionAt { get; set; }

    /// <summary>The number of the last transaction.</summary>
    public long LastTransaction { get; set; }

    /// <summary>Whether the last records, or the last log, reached only one copy: a power cut came in between, and the mount completes them.</summary>
    public bool IsOneCopyBehind { get; set; }

    /// <summary>What is wrong; empty for a sound volume.</summary>
    public List<VolumeProblem> Problems { get; } = [];

    /// <summary>Why it is not mounted.</summary>
    public VolumeRefusal Reason { get; set; } = VolumeRefusal.Damaged;

    /// <summary>Writes a problem down.</summary>
    public void Report(VolumeProblemKind kind, string description) => Problems.Add(new VolumeProblem(kind, description));
}
