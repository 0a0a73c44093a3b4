namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Which waiter a woken thread wakes in its stead when it abandons its wait (<c>put_unlocked_entry</c>).</summary>
internal interface IPassOnRule
{
    /// <summary>The page of the key to wake one waiter of, or null for none.</summary>
    /// <param name="waited">The page of the key that the thread slept on.</param>
    /// <param name="found">The page of the key of the entry that it found afterwards; null if it found none.</param>
    /// <param name="reason">Why it abandons the wait.</param>
    PageIndex? KeyToWake(PageIndex waited, PageIndex? found, AbandonReason reason);

    /// <summary>Whether a thread that locked an entry, left it as it was and unlocks it wakes the next.</summary>
    bool WakesWhenPut { get; }
}
