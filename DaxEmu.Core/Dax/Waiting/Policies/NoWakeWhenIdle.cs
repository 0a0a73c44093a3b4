namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// The unpin goes through a put that considers a page idle when it has no reference, while a page of fs-dax is idle when it has one left:
/// no waiter is woken (5.18; fixed by f4f451a16dd1 in 5.19). Smallest case: two threads, two steps.
/// </summary>
internal sealed class NoWakeWhenIdle : IUnpinWake
{
    /// <inheritdoc/>
    public bool WakesWhenIdle => false;
}
