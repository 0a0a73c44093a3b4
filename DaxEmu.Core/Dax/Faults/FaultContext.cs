using DaxEmu.Core.Mm;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>
/// A thread's own way into the fault handlers, looked up once: for loops of many faults, in which finding the thread's line each time would
/// cost as much as a third of the fault. It lives on the stack, so it cannot leave its thread.
/// </summary>
public readonly unsafe ref struct FaultContext
{
    private FaultContext(ReaderSlot* line) => Line = line;

    /// <summary>The lane of the calling thread.</summary>
    public static FaultContext Mine => new(ReaderSlot.Mine);

    internal ReaderSlot* Line { get; }
}
