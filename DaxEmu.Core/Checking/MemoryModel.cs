namespace DaxEmu.Core.Checking;

/// <summary>Which orders of memory accesses a schedule can show.</summary>
/// <remarks>
/// Neither model has store buffers of more than two entries, the reordering of loads (x86-64 does not do it), wake-ups without a cause, or
/// accesses that are not steps: those happen at once.
/// </remarks>
/// <example><code>CheckOutcome outcome = CheckRunner.Exhaust(scenario with { Model = MemoryModel.SequentiallyConsistent });</code></example>
public enum MemoryModel
{
    /// <summary>All threads see each store at once: <c>sc</c> in a schedule string.</summary>
    SequentiallyConsistent,

    /// <summary>As x86-64: a store may stay in its thread's store buffer behind later loads, in order with its other stores: <c>tso</c>.</summary>
    TotalStoreOrder,
}
