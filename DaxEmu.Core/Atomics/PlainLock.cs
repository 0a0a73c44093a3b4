namespace DaxEmu.Core.Atomics;

/// <summary>
/// A lock of the runtime whose name and use are known: who records which cache lines two operations share sees each acquisition as a write
/// to a line of its own. Costs nothing else than the lock where no thread is recorded.
/// </summary>
/// <remarks>
/// What is read and written only under it needs no mark of its own: two operations that meet there meet at the lock. No step of a schedule, so a
/// scheduled thread must not stop while it holds one.
/// </remarks>
/// <param name="name">What it guards, for people: "lock of the extents".</param>
internal sealed class PlainLock(string name)
{
    private readonly Lock inner = new();

    /// <summary>Enters until the result is disposed. Reentrant; a wait can be interrupted (<see cref="Thread.Interrupt"/>).</summary>
    public Lock.Scope Enter()
    {
        Atomic.Shared(this, name, isWrite: true);
        return inner.EnterScope();
    }
}
