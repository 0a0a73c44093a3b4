namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// An entry that changes its kind wakes one waiter, which sleeps again on the new one (fixed by 965d004af540 for 4.10). Smallest case:
/// three threads, ten steps.
/// </summary>
internal sealed class WakeOneOnDowngrade : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => kind == RemovalKind.Downgrade ? RemovalWakeMode.One : RemovalWakeMode.All;
}
