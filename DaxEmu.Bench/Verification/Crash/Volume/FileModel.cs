namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>What a file may hold after a power cut.</summary>
/// <param name="Versions">Its contents since it was durable last; the first one is durable, the last one is what it holds now.</param>
/// <param name="IsMixed">Whether bytes of several versions may stand beside each other; else it is one version as a whole.</param>
/// <param name="Mode">Its permission bits.</param>
internal sealed record FileModel(IReadOnlyList<byte[]> Versions, bool IsMixed, int Mode)
{
    /// <summary>While the call that made it so is under way, any bytes of these may stand beside each other; null for nothing.</summary>
    public IReadOnlyList<byte[]>? Underway { get; init; }

    /// <summary>What it holds now.</summary>
    public byte[] Now => Versions[^1];

    /// <summary>A file that is durable as it is.</summary>
    public static FileModel Durable(byte[] content, int mode = 0x1A4) => new([content], false, mode);

    /// <summary>The file after a change that happens as a whole.</summary>
    public FileModel Changed(byte[] content) => this with { Versions = [.. Versions, content] };

    /// <summary>The file after a write, of which any bytes may arrive.</summary>
    public FileModel Written(byte[] content) => this with { Versions = [.. Versions, content], IsMixed = true };

    /// <summary>The file after a sync.</summary>
    public FileModel Synced() => Durable(Now, Mode);
}
