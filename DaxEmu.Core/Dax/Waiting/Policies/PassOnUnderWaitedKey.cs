namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>A woken thread that will not unlock the entry it slept for wakes the next waiter of the key that it slept on.</summary>
internal sealed class PassOnUnderWaitedKey : IPassOnRule
{
    /// <inheritdoc/>
    public bool WakesWhenPut => true;

    /// <inheritdoc/>
    public PageIndex? KeyToWake(PageIndex waited, PageIndex? found, AbandonReason reason) => waited;
}
