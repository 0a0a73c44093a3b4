namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>What is timed.</summary>
internal enum FaultPhase
{
    /// <summary>A fault a unit: entries are there, translations are not.</summary>
    Refault,

    /// <summary>A fault a unit: neither is there.</summary>
    Insert,

    /// <summary>All units of the slice made accessible by one call: entries are there, translations are not.</summary>
    Populate,

    /// <summary>The slice written back by one call: every unit was stored to.</summary>
    Writeback,

    /// <summary>The translations of the slice taken away by one call; entries stay.</summary>
    Zap,

    /// <summary>Entries and translations of the slice taken away by one call.</summary>
    Truncate,

    /// <summary>8 bytes loaded or stored in a mapped page.</summary>
    Access,

    /// <summary>The dirty entries of the slice found by one call.</summary>
    Scan,

    /// <summary>The slice mapped a second time and all its units made accessible there: entries are there.</summary>
    Remap,

    /// <summary>A block read from a file.</summary>
    Pread,

    /// <summary>A block written to a file.</summary>
    Pwrite,

    /// <summary>A block written where the job's own file ends, which is empty at first.</summary>
    Append,
}
