namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// Seven answers that make up a version of the entry locks, and of the wait for pinned pages. They are asked only by who must wait or is waited for: a lock that nobody
/// contends costs the same under every profile.
/// </summary>
/// <param name="Name">The name by which it is chosen.</param>
/// <param name="Description">What it models, in a sentence or two.</param>
/// <param name="Keying">Which page stands in the wait key.</param>
/// <param name="Smaller">What a 2 MiB request does about a 4 KiB entry.</param>
/// <param name="PassOn">Whom a woken thread wakes in its stead.</param>
/// <param name="GiveUp">How somebody waits who may walk away.</param>
/// <param name="RemovalWake">Whom a removal wakes.</param>
/// <param name="UnlockSize">Which size an unlock by page uses.</param>
/// <param name="UnpinWake">Whether the last unpin of a page wakes those who wait for it.</param>
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
