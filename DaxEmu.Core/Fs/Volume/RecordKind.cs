namespace DaxEmu.Core.Fs.Volume;

/// <summary>What a record of the log says.</summary>
internal enum RecordKind : ushort
{
    /// <summary>A file or directory, with all that is known of it but its blocks and names.</summary>
    Inode = 1,

    /// <summary>A file has a further name.</summary>
    Link = 2,

    /// <summary>A name is gone.</summary>
    Unlink = 3,

    /// <summary>A file without a name is gone, and its blocks with it.</summary>
    Forget = 4,

    /// <summary>The size of a file and when it was changed.</summary>
    Size = 5,

    /// <summary>The blocks behind a range of a file.</summary>
    Blocks = 6,

    /// <summary>How much the records before it amount to.</summary>
    Totals = 7,
}
