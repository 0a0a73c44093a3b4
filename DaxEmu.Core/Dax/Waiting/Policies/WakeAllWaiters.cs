namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Every waiter of an entry that is gone or of another size is woken and looks again (237388320def, 5.13).</summary>
internal sealed class WakeAllWaiters : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => RemovalWakeMode.All;
}
