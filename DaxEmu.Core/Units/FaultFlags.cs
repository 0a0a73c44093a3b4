namespace DaxEmu.Core;

/// <summary>How a fault came about, with the values and names of the kernel's <c>FAULT_FLAG_*</c>.</summary>
[Flags]
public enum FaultFlags
{
    /// <summary>A read.</summary>
    None = 0,

    /// <summary>A write.</summary>
    Write = 0x1,

    /// <summary>A write to a translation that is present but read-only.</summary>
    Mkwrite = 0x2,

    /// <summary>The fault may be tried again.</summary>
    AllowRetry = 0x4,

    /// <summary>A fatal signal may end the wait.</summary>
    Killable = 0x10,

    /// <summary>The access came from user code.</summary>
    User = 0x40,

    /// <summary>A signal may end the wait.</summary>
    Interruptible = 0x200,

    /// <summary>What a touch by user code carries.</summary>
    UserAccess = AllowRetry | Killable | User | Interruptible,
}
