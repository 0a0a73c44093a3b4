namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// A woken thread that has no use for the entry it finds wakes the next waiter of <em>that</em> entry, and none if it finds no entry or is
/// refused (<c>put_unlocked_entry</c> since 61c30c98ef17). Enough where removals wake all and no thread waits for an entry smaller than
/// asked; where it may find another entry than it slept for, it hangs with four threads in nine steps.
/// </summary>
internal sealed class PassOnUnderFoundKey : IPassOnRule
{
    /// <inheritdoc/>
    public bool WakesWhenPut => true;

    /// <inheritdoc/>
    public PageIndex? KeyToWake(PageIndex waited, PageIndex? found, AbandonReason reason) =>
        reason == AbandonReason.HasNoUse ? found : null;
}
