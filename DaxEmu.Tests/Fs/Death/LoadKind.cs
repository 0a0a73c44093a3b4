namespace DaxEmu.Tests.Fs.Death;

/// <summary>What a child does to a file.</summary>
internal enum LoadKind
{
    /// <summary>Makes an empty file.</summary>
    Create,

    /// <summary>Writes past its end, and syncs.</summary>
    Append,

    /// <summary>Stores through a view with MAP_SYNC, and persists.</summary>
    Store,

    /// <summary>Makes it shorter, and syncs.</summary>
    Truncate,

    /// <summary>Gives it the name of another one, which goes.</summary>
    Rename,

    /// <summary>Makes another, empty one share its blocks, and syncs.</summary>
    Clone,

    /// <summary>Deletes it.</summary>
    Delete,

    /// <summary>Deletes it while it is open, writes to it, and closes it.</summary>
    DeleteOpen,
}
