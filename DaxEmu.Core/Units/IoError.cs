namespace DaxEmu.Core.Units;

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

/// <summary>What the kernel makes of an error.</summary>
public static class IoErrorExtensions
{
    /// <summary>The error number, as read(2), write(2) and fsync(2) report it; 0 for <see cref="IoError.None"/>.</summary>
    public static int Errno(this IoError error) => error switch
    {
        IoError.None => 0,
        IoError.NoSpace => 28,
        IoError.Busy => 16,
        IoError.BeyondEof => 6,
        IoError.ReadOnly => 13,
        IoError.NoMemory => 12,
        _ => 5,
    };

    /// <summary>What a fault that fails with this error returns (<c>vmf_error</c>): any error of the file system is SIGBUS, ENOSPC too.</summary>
    public static FaultResult ToFaultResult(this IoError error) => error switch
    {
        IoError.None => FaultResult.None,
        IoError.Poison => FaultResult.Hwpoison,
        IoError.NoMemory => FaultResult.Oom,
        _ => FaultResult.Sigbus,
    };
}
