namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Deleting an entry wakes no waiter: it went through the put with the inverted test (the first form of the 2019 change).</summary>
internal sealed class NoWakeOnDelete : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => kind == RemovalKind.Delete ? RemovalWakeMode.None : RemovalWakeMode.All;
}
