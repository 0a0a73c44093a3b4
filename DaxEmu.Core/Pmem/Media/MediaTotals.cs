namespace DaxEmu.Core.Pmem.Media;

/// <summary>What a dial has charged.</summary>
internal record struct MediaTotals
{
    /// <summary>Charged reads.</summary>
    public long Reads { get; set; }

    /// <summary>Charged writes around the caches.</summary>
    public long Writes { get; set; }

    /// <summary>Charged flushes.</summary>
    public long Flushes { get; set; }

    /// <summary>Charged fences.</summary>
    public long Fences { get; set; }

    /// <summary>Bytes that the medium read, in whole lines.</summary>
    public long ReadBytes { get; set; }

    /// <summary>Bytes that the medium wrote, in whole lines.</summary>
    public long WrittenBytes { get; set; }

    /// <summary>Lines that were written in part, so that the medium read and wrote the whole.</summary>
    public long Rewrites { get; set; }

    /// <summary>Charges that were delayed.</summary>
    public long Delays { get; set; }

    /// <summary>Of these, the ones that ended over a microsecond too late: other work had the processor.</summary>
    public long Disturbed { get; set; }

    /// <summary>Nanoseconds of the undisturbed delays that were asked for.</summary>
    public long TargetNs { get; set; }

    /// <summary>Nanoseconds that these took.</summary>
    public long ReachedNs { get; set; }

    public static MediaTotals operator +(MediaTotals one, MediaTotals other) => new()
    {
        Reads = one.Reads + other.Reads,
        Writes = one.Writes + other.Writes,
        Flushes = one.Flushes + other.Flushes,
        Fences = one.Fences + other.Fences,
        ReadBytes = one.ReadBytes + other.ReadBytes,
        WrittenBytes = one.WrittenBytes + other.WrittenBytes,
        Rewrites = one.Rewrites + other.Rewrites,
        Delays = one.Delays + other.Delays,
        Disturbed = one.Disturbed + other.Disturbed,
        TargetNs = one.TargetNs + other.TargetNs,
        ReachedNs = one.ReachedNs + other.ReachedNs,
    };
}
