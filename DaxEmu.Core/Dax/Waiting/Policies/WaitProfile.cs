namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// The seven policies of one version of the entry locks and of the wait for pinned pages. They are consulted only by a thread that waits or is
/// waited for: an uncontended lock costs the same under every profile.
/// </summary>
/// <param name="Name">The name by which it is chosen.</param>
/// <param name="Description">What it models, in one or two sentences.</param>
/// <param name="Keying">Which page stands in the wait key.</param>
/// <param name="Smaller">What a 2 MiB request does about a 4 KiB entry.</param>
/// <param name="PassOn">Which waiter a woken thread wakes in its stead.</param>
/// <param name="GiveUp">How a thread waits that may abandon its wait.</param>
/// <param name="RemovalWake">Which waiters a removal wakes.</param>
/// <param name="UnlockSize">Which size an unlock by page uses.</param>
/// <param name="UnpinWake">Whether the last unpin of a page wakes its waiters.</param>
public sealed record WaitProfile(
    string Name,
    string Description,
    IWaitKeying Keying,
    ISmallerEntryRule Smaller,
    IPassOnRule PassOn,
    IGiveUpWait GiveUp,
    IRemovalWake RemovalWake,
    IUnlockSize UnlockSize,
    IUnpinWake UnpinWake)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
