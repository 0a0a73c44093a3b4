namespace DaxEmu.Core;

/// <summary>What the caller of <see cref="IExtentMap.Find"/> is about to do (the kernel's <c>IOMAP_*</c> operation flags).</summary>
[Flags]
public enum ExtentIntent
{
    /// <summary>Read: nothing is allocated.</summary>
    Read = 0,

    /// <summary>Write: holes are allocated, unwritten blocks converted, shared blocks given a fresh copy to write to.</summary>
    Write = 1,

    /// <summary>The call comes from a fault.</summary>
    Fault = 2,

    /// <summary>Zeroes are to be written: holes and unwritten blocks need nothing.</summary>
    Zero = 4,

    /// <summary>Shared blocks are to become private, without a write of the caller's own.</summary>
    Unshare = 8,
}
