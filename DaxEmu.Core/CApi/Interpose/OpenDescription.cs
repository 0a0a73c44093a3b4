using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>An open file description: what descriptors that were duplicated share.</summary>
internal sealed class OpenDescription(OpenInode inode, int flags)
{
    private volatile int flags = flags;

    public OpenInode Inode => inode;

    /// <summary>Flags of open(2) that stay: the access mode, O_APPEND, O_DIRECT, O_DIRECTORY, O_PATH, O_SYNC.</summary>
    public int Flags
    {
        get => flags;
        set => flags = value;
    }

    public bool IsPath => (flags & OpenFlags.Path) != 0;

    public bool CanRead => (flags & OpenFlags.Path) == 0 && (flags & OpenFlags.AccessMask) is OpenFlags.ReadOnly or OpenFlags.ReadWrite;

    public bool CanWrite => (flags & OpenFlags.Path) == 0 && (flags & OpenFlags.AccessMask) is OpenFlags.WriteOnly or OpenFlags.ReadWrite;

    public bool IsAppend => (flags & OpenFlags.Append) != 0;

    public bool IsSync => (flags & OpenFlags.DataSync) != 0;

    /// <summary>Held while the position is used (<c>f_pos_lock</c>).</summary>
    public Lock PositionGate { get; } = new();

    /// <summary>Where the next read or write begins. Under <see cref="PositionGate"/>.</summary>
    public long Position { get; set; }

    /// <summary>What a directory held when it was read from its start. Under <see cref="PositionGate"/>.</summary>
    public DirectoryName[]? Listing { get; set; }

    /// <summary>Descriptors that share it. Under the descriptor table's lock.</summary>
    public int References { get; set; }
}
