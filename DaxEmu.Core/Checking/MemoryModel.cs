namespace DaxEmu.Core.Checking;

/// <summary>Which orders of memory accesses a schedule can show.</summary>
/// <remarks>
/// Not modelled in either: store buffers of more than <see cref="StoreBuffers.Depth"/> entries, the reordering of loads (x86-64 does not
/// do it), wake-ups of a futex without a cause, and plain accesses that are not atomic steps: they happen at once.
/// </remarks>
internal enum MemoryModel
{
    /// <summary>Each store is seen by all at once.</summary>
    SequentiallyConsistent,

    /// <summary>As x86-64: a store may linger behind later loads of its thread, in order with its other stores.</summary>
    TotalStoreOrder,
}
