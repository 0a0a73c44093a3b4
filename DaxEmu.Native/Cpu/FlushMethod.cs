namespace DaxEmu.Native.Cpu;

/// <summary>How stores are moved from the CPU's caches towards the device.</summary>
public enum FlushMethod
{
    /// <summary>
    /// What makes stores durable at the granularity of the place: nothing where that is a byte, the best instruction of the CPU where it is a
    /// cache line, msync where it is a page. Where nothing outlives a loss of power, the best instruction, as on a persistent device.
    /// </summary>
    Automatic,

    /// <summary><c>clwb</c>: writes the line back and may keep it cached.</summary>
    Clwb,

    /// <summary><c>clflushopt</c>: writes the line back and drops it; several overlap.</summary>
    ClflushOpt,

    /// <summary><c>clflush</c>: writes the line back and drops it, one after another.</summary>
    Clflush,

    /// <summary>msync(2) of the pages around the range: a system call, and the only way that is durable on a plain file.</summary>
    Msync,

    /// <summary>
    /// Nothing: a visible store is durable once the fence is passed, or nothing could be made durable and the CPU has no instruction to act
    /// it out.
    /// </summary>
    None,
}
