namespace DaxEmu.Core;

/// <summary>What a fault came to, with the values and names of the kernel's <c>VM_FAULT_*</c>.</summary>
[Flags]
public enum FaultResult
{
    /// <summary>Nothing was done: the caller looks again.</summary>
    None = 0,

    /// <summary>No memory for the entry, or no space left on the device.</summary>
    Oom = 0x1,

    /// <summary>Beyond the end of the file, an I/O error, or a write that met an unallocated block.</summary>
    Sigbus = 0x2,

    /// <summary>The block was allocated for this fault.</summary>
    Major = 0x4,

    /// <summary>The device page is poisoned.</summary>
    Hwpoison = 0x10,

    /// <summary>The translation is installed, by this fault or by another.</summary>
    Nopage = 0x100,

    /// <summary>The fault cannot be served at 2 MiB: the caller tries again at 4 KiB.</summary>
    Fallback = 0x800,

    /// <summary>A private copy was installed.</summary>
    DoneCow = 0x1000,

    /// <summary>The extent's metadata must be made durable before the page may be written: nothing was installed.</summary>
    NeedDsync = 0x2000,
}
