namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Deleting an entry wakes one waiter, which finds nothing and wakes no other (until 5.13). Smallest case: four threads, eight steps.</summary>
internal sealed class WakeOneOnDelete : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => kind == RemovalKind.Delete ? RemovalWakeMode.One : RemovalWakeMode.All;
}
