namespace DaxEmu.Core;

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
