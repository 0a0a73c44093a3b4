namespace DaxEmu.Core.CApi;

/// <summary>A file of a volume as all its handles and mappings share it.</summary>
internal sealed class SharedFile(OpenVolume volume, long number)
{
    private volatile DaxFile? opened;

    public OpenVolume Volume => volume;

    /// <summary>Its inode's number; negative for a file without a name.</summary>
    public long Number => number;

    /// <summary>Held while it is opened or closed.</summary>
    public Lock Gate { get; } = new();

    /// <summary>How many handles and mappings there are. Under the gate of the volume's table.</summary>
    public int UserCount { get; set; }

    /// <summary>The file; null while it is closed.</summary>
    public DaxFile? Opened
    {
        get => opened;
        set => opened = value;
    }

    public override string ToString() => opened?.ToString() ?? "a file that is about to be closed";
}
