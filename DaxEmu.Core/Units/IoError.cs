namespace DaxEmu.Core;

/// <summary>Why an access or a transfer failed.</summary>
public enum IoError
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>No block is left on the device (ENOSPC).</summary>
    NoSpace,

    /// <summary>The blocks cannot be looked up, read or written (EIO).</summary>
    Io,

    /// <summary>The memory of a page is lost (EIO; at an access SIGBUS with <c>BUS_MCEERR_AR</c>).</summary>
    Poison,

    /// <summary>Pages are pinned (EBUSY).</summary>
    Busy,

    /// <summary>An access past the end of the file (SIGBUS; ENXIO).</summary>
    BeyondEof,

    /// <summary>A store to a read-only mapping (SIGSEGV; EACCES).</summary>
    ReadOnly,

    /// <summary>No memory for the emulator's own tables (ENOMEM).</summary>
    NoMemory,
}
