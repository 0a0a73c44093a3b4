namespace DaxEmu.Native.Cpu;

/// <summary>How stores are moved from the CPU's caches towards the device.</summary>
public enum FlushMethod
{
    /// <summary>The best instruction that the CPU has; msync where it has none.</summary>
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
    /// Nothing: the memory has nothing behind it that could outlive a crash, and the CPU has no instruction to act it out.
    /// </summary>
    None,
}
