using DaxEmu.Core.Dax.Waiting.Policies;
namespace DaxEmu.Core;

/// <summary>The profiles by name: the policies of the 2019 discussion, and the versions of the kernel that they model.</summary>
public static class WaitProfiles
{
    /// <summary>All four commits of the fix, and wake-ups passed on under the key that was slept on. The default.</summary>
    public static WaitProfile Fixed { get; } = new(
        "fixed",
        "Key from the entry found; a smaller entry is a conflict; removals wake all; a thread that abandons its wait passes the wake-up on.",
        new FoundEntryKey(),
        new ConflictOnSmaller(),
        new PassOnUnderWaitedKey(),
        new NonExclusiveWait(),
        new WakeAllWaiters(),
        new SizeFromEntry(),
        new WakeWhenIdle());

    /// <summary>Upstream with all four commits, passing on as upstream does.</summary>
    public static WaitProfile Upstream { get; } = Fixed with
    {
        Name = "conflict",
        Description = "Linux since 5.13: 23c84eb78375, 61c30c98ef17, 6370740e5f8e and 237388320def.",
        PassOn = new PassOnUnderFoundKey(),
    };

    /// <summary>The hang of 2019.</summary>
    public static WaitProfile V4_20 { get; } = Fixed with
    {
        Name = "v4.20",
        Description = "Linux 4.20 to 5.2 (b15cd800682f): the key is the search index, so a 2 MiB fault that waits for a 4 KiB entry is never woken.",
        Keying = new SearchIndexKey(),
        Smaller = new WaitForSmaller(),
    };

    /// <summary>Williams' trial: every key is rounded down to 2 MiB.</summary>
    public static WaitProfile DanNaive { get; } = Fixed with
    {
        Name = "dan-naive",
        Description = "Williams' trial of June 2019: 512 pages share a key. Nothing hangs; wake-ups reach the wrong waiters.",
        Keying = new MaskAllKey(),
        Smaller = new WaitForSmaller(),
    };

    /// <summary>Kara's rule, with the wake-up passed on under the key that was slept on.</summary>
    public static WaitProfile KaraAnyOrder { get; } = Fixed with
    {
        Name = "kara-any-order",
        Description = "Kara's rule of July 2019: wait for an entry of any order under its own key, look again. A 2 MiB fault waits needlessly.",
        Smaller = new WaitForSmaller(),
    };

    /// <summary>Kara's rule, with the wake-up passed on under the key of the entry found afterwards.</summary>
    public static WaitProfile KeyFound { get; } = KaraAnyOrder with
    {
        Name = "key-found",
        Description = "Kara's rule read plainly: a woken thread passes on under the key of what it then finds. Hangs with four threads.",
        PassOn = new PassOnUnderFoundKey(),
    };

    /// <summary>Wilcox' first proposal: the locked entry is returned.</summary>
    public static WaitProfile ReturnsLocked { get; } = Fixed with
    {
        Name = "return-locked",
        Description = "Wilcox' proposal of July 2019: a 2 MiB lookup is given the locked 4 KiB entry, and must not wake for it.",
        Smaller = new ReturnLocked(),
    };

    /// <summary>Before 4.10: an entry that changes its kind wakes one waiter.</summary>
    public static WaitProfile V4_10Holes { get; } = Upstream with
    {
        Name = "v4.10-holes",
        Description = "Before Linux 4.10 (fixed by 965d004af540): an entry that changes its kind wakes one of its waiters.",
        RemovalWake = new WakeOneOnDowngrade(),
    };

    /// <summary>4.19: the lock by page waits exclusively and abandons its wait, and unlocks with the wrong size.</summary>
    public static WaitProfile V4_19 { get; } = Upstream with
    {
        Name = "v4.19",
        Description = "Linux 4.19: the lock by page waits exclusively and may abandon its wait without passing on; a 2 MiB entry is unlocked with the size of a 4 KiB one (fixed by fda490d39fc0).",
        GiveUp = new ExclusiveThenLeave(),
        UnlockSize = new SizeFromPageHead(),
    };

    /// <summary>The first merge of the fix, with its three omissions.</summary>
    public static WaitProfile V5_3Rc1 { get; } = Upstream with
    {
        Name = "v5.3-rc1",
        Description = "Linux 5.3-rc1 (23c84eb78375 alone): no wake-up is passed on, an empty range is a conflict, a removal wakes no waiter.",
        Smaller = new ConflictEvenOnEmpty(),
        PassOn = new NeverPassOn(),
        RemovalWake = new NoWakeOnDelete(),
    };

    /// <summary>5.3: no 2 MiB entries.</summary>
    public static WaitProfile V5_3 { get; } = Upstream with
    {
        Name = "v5.3",
        Description = "Linux 5.3: an empty range is a conflict, so no 2 MiB entry is ever made; a removal wakes one.",
        Smaller = new ConflictEvenOnEmpty(),
        RemovalWake = new WakeOneOnDelete(),
    };

    /// <summary>5.4 to 5.12: a removal wakes one.</summary>
    public static WaitProfile V5_4 { get; } = Upstream with
    {
        Name = "v5.4",
        Description = "Linux 5.4 to 5.12 (fixed by 237388320def): a removal wakes one waiter, which finds nothing and wakes no other.",
        RemovalWake = new WakeOneOnDelete(),
    };

    /// <summary>5.18: a thread that waits for a pinned page is never woken.</summary>
    public static WaitProfile V5_18 { get; } = Upstream with
    {
        Name = "v5.18",
        Description = "Linux 5.18 to 5.19-rc (fixed by f4f451a16dd1): the last unpin of a page wakes no waiter, and a thread that breaks the layout sleeps for ever.",
        UnpinWake = new NoWakeWhenIdle(),
    };

    /// <summary>Every profile.</summary>
    public static IReadOnlyList<WaitProfile> All { get; } =
        [Fixed, Upstream, V4_10Holes, V4_19, V4_20, DanNaive, KaraAnyOrder, KeyFound, ReturnsLocked, V5_3Rc1, V5_3, V5_4, V5_18];

    /// <summary>The five policies of the 2019 discussion, by their names there.</summary>
    public static IReadOnlyDictionary<string, WaitProfile> Policies { get; } = new Dictionary<string, WaitProfile>(StringComparer.OrdinalIgnoreCase)
    {
        ["raw"] = V4_20,
        ["mask-all"] = DanNaive,
        ["any-order"] = KaraAnyOrder,
        ["return-locked"] = ReturnsLocked,
        ["conflict"] = Upstream,
    };

    /// <summary>The profile or policy of that name.</summary>
    /// <exception cref="ArgumentException">There is none; the message lists them.</exception>
    public static WaitProfile ByName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Policies.TryGetValue(name, out WaitProfile? policy))
        {
            return policy;
        }

        return All.FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException(
                $"there is no profile '{name}'. Choose one of: {string.Join(", ", Policies.Keys.Concat(All.Select(p => p.Name)).Distinct())}.",
                nameof(name));
    }
}
