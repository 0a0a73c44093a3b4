namespace DaxEmu.Bench.Verification.Replay;

/// <summary>What the emulator showed of one op, to be held against the recording.</summary>
internal sealed record Observed
{
    /// <summary>What the call returned.</summary>
    public long Return { get; init; }

    /// <summary>The error, 0 if none.</summary>
    public int Errno { get; init; }

    /// <summary>The signal of an access that was killed, 0 if none.</summary>
    public int Signal { get; init; }

    /// <summary>The byte that a read saw.</summary>
    public byte? Byte { get; init; }

    /// <summary>FNV-1a of the bytes read.</summary>
    public uint? Checksum { get; init; }

    /// <summary>The events, as short lines.</summary>
    public List<string> Events { get; init; } = [];

    /// <summary>Recorded requests for writeback that the file-system model does not have, and those of the model that are not recorded.</summary>
    public string UnfoundedRanges { get; init; } = string.Empty;

    /// <summary>A call that failed.</summary>
    public static Observed Failed(int errno) => new() { Return = -1, Errno = errno };
}
