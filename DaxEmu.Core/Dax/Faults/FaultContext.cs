using DaxEmu.Core.Mm;

namespace DaxEmu.Core;

/// <summary>
/// The calling thread's context in the fault handlers, looked up once: for loops of many faults, in which finding its reader slot each time
/// costs as much as a third of the fault. It lives on the stack, so it cannot leave its thread.
/// </summary>
public readonly unsafe ref struct FaultContext
{
    private FaultContext(ReaderSlot* slot) => Slot = slot;

    /// <summary>The context of the calling thread.</summary>
    public static FaultContext Mine => new(ReaderSlot.Mine);

    internal ReaderSlot* Slot { get; }
}
