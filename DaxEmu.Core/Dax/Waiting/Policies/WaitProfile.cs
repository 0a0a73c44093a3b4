using DaxEmu.Core.Dax.Waiting.Policies;
namespace DaxEmu.Core;

/// <summary>
/// The seven policies of one version of the entry locks and of the wait for pinned pages; chosen from <see cref="WaitProfiles"/>. They are
/// consulted only by a thread that waits or is waited for: an uncontended lock costs the same under every profile.
/// </summary>
public sealed record WaitProfile
{
    internal WaitProfile(
        string name,
        string description,
        IWaitKeying keying,
        ISmallerEntryRule smaller,
        IPassOnRule passOn,
        IGiveUpWait giveUp,
        IRemovalWake removalWake,
        IUnlockSize unlockSize,
        IUnpinWake unpinWake)
    {
        Name = name;
        Description = description;
        Keying = keying;
        Smaller = smaller;
        PassOn = passOn;
        GiveUp = giveUp;
        RemovalWake = removalWake;
        UnlockSize = unlockSize;
        UnpinWake = unpinWake;
    }

    /// <summary>The name by which it is chosen.</summary>
    public string Name { get; internal init; }

    /// <summary>What it models, in one or two sentences.</summary>
    public string Description { get; internal init; }

    /// <summary>Which page is in the wait key.</summary>
    internal IWaitKeying Keying { get; init; }

    /// <summary>What a 2 MiB request does about a 4 KiB entry.</summary>
    internal ISmallerEntryRule Smaller { get; init; }

    /// <summary>Which waiter a woken thread wakes in its stead.</summary>
    internal IPassOnRule PassOn { get; init; }

    /// <summary>How a thread waits that may abandon its wait.</summary>
    internal IGiveUpWait GiveUp { get; init; }

    /// <summary>Which waiters a removal wakes.</summary>
    internal IRemovalWake RemovalWake { get; init; }

    /// <summary>Which size an unlock by page uses.</summary>
    internal IUnlockSize UnlockSize { get; init; }

    /// <summary>Whether the last unpin of a page wakes its waiters.</summary>
    internal IUnpinWake UnpinWake { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
