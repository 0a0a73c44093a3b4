namespace DaxEmu.Core.CApi.Interpose;

/// <summary>A file or directory of the volume that descriptors or mappings of this process refer to.</summary>
/// <param name="number">Its number.</param>
/// <param name="isDirectory">Whether it is a directory.</param>
/// <param name="birth">When it was made, in ticks: a number may be given to another file when this one is gone.</param>
/// <param name="name">What messages call it.</param>
internal sealed class OpenInode(long number, bool isDirectory, long birth, string name)
{
    private volatile DaxFile? file;
    private volatile bool isGone;

    public long Number => number;

    public bool IsDirectory => isDirectory;

    public long Birth => birth;

    public string Name => name;

    /// <summary>Whether it was deleted while no process had the volume mounted, or by another one.</summary>
    public bool IsGone
    {
        get => isGone;
        set => isGone = value;
    }

    /// <summary>The open file; null for a directory, and while the volume is not mounted.</summary>
    public DaxFile? File
    {
        get => file;
        set => file = value;
    }

    /// <summary>Permission bits of a file that has no name yet.</summary>
    public int UnnamedMode { get; set; } = 0x180;

    /// <summary>Descriptions and mappings that refer to it. Under the volume's lock.</summary>
    public int References { get; set; }

    /// <summary>A descriptor whose placeholder stands for it; -1 if there is none now. Under the descriptor table's lock.</summary>
    public int Descriptor { get; set; } = -1;
}
