namespace DaxEmu.Bench.Cli;

/// <summary>What the accesses of a run go through.</summary>
internal enum MmuKind
{
    /// <summary>The emulator's page tables: an access looks a translation up.</summary>
    Software,

    /// <summary>A real address range: an access is a load or a store, and a missing translation is a signal.</summary>
    Host,
}
