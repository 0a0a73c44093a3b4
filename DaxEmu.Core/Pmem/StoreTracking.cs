namespace DaxEmu.Core;

/// <summary>Whether a device finds stores through spans that are older than the last writeback of their page.</summary>
/// <remarks>
/// A processor whose page was written back faults at its next store, and the page is dirty again. A span is raw memory: a store through it
/// meets no such fault, and without tracking no later sync knows of it. See <c>docs/raw-stores.md</c>.
/// </remarks>
public enum StoreTracking
{
    /// <summary>It does not, and costs nothing.</summary>
    None,

    /// <summary>Each sync asks the kernel which pages of the file were stored to, and writes those back, too.</summary>
    Track,

    /// <summary>
    /// As <see cref="Track"/>, and a store that would have been lost is an error of the program: the sync that finds it throws
    /// <see cref="RawStoreException"/>. For tests: the emulator's own stores to the device are made one after the other.
    /// </summary>
    Strict,
}
