using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// The key is the search index, coloured only if the entry found is a PMD (the XArray conversion, b15cd800682f, Linux 4.20 to 5.2).
/// A 2 MiB lookup that meets a locked 4 KiB entry sleeps on the first page of its range, while the owner wakes the entry's own page.
/// Smallest case: two threads, four steps.
/// </summary>
public sealed class SearchIndexKey : IWaitKeying
{
    /// <inheritdoc/>
    public PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder) =>
        foundOrder == PageOrder.Pmd ? searched.PmdStart : searched;
}

/// <summary>
/// The key is the first page of the 2 MiB range, whatever entry was found (Williams' trial of June 2019, never merged). Nothing is
/// lost, but 512 locks share a key: a wake-up can reach a thread that waits for another page and has to be passed on.
/// </summary>
public sealed class MaskAllKey : IWaitKeying
{
    /// <inheritdoc/>
    public PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder) => found.PmdStart;
}

/// <summary>The key is the first page of the entry that was found: sleeper and waker derive it from the same entry (upstream since 5.3).</summary>
public sealed class FoundEntryKey : IWaitKeying
{
    /// <inheritdoc/>
    public PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder) => found.StartOf(foundOrder);
}

/// <summary>
/// A 2 MiB request waits for the lock of a 4 KiB entry that it can do nothing with (before 5.3, and Kara's rule: return an entry of
/// any order that covers the index).
/// </summary>
public sealed class WaitForSmaller : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => false;

    /// <inheritdoc/>
    public SmallerEntryAnswer Meet(bool isLocked) => isLocked ? SmallerEntryAnswer.Wait : SmallerEntryAnswer.Conflict;
}

/// <summary>A 2 MiB request is handed a 4 KiB entry, locked or not, and gives up on it by itself (Wilcox' first proposal, July 2019).</summary>
public sealed class ReturnLocked : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => false;

    /// <inheritdoc/>
    public SmallerEntryAnswer Meet(bool isLocked) => SmallerEntryAnswer.Return;
}

/// <summary>A 2 MiB request that meets a 4 KiB entry is refused at once, locked or not (23c84eb78375, merged for 5.3).</summary>
public sealed class AnswerConflict : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => false;

    /// <inheritdoc/>
    public SmallerEntryAnswer Meet(bool isLocked) => SmallerEntryAnswer.Conflict;
}

/// <summary>
/// As <see cref="AnswerConflict"/>, but an empty range counts as a conflict too, so that no 2 MiB entry is ever made (5.3; mended by
/// 6370740e5f8e in 5.4). Smallest case: one thread, one step.
/// </summary>
public sealed class ConflictEvenOnEmpty : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => true;

    /// <inheritdoc/>
    public SmallerEntryAnswer Meet(bool isLocked) => SmallerEntryAnswer.Conflict;
}

/// <summary>Whoever was woken and does not unlock that entry later wakes the next sleeper of the key that he slept on.</summary>
public sealed class PassOnUnderWaitedKey : IPassOnRule
{
    /// <inheritdoc/>
    public bool WakesWhenPut => true;

    /// <inheritdoc/>
    public PageIndex? KeyToWake(PageIndex waited, PageIndex? found, LeaveOccasion occasion) => waited;
}

/// <summary>
/// Whoever was woken and has no use for the entry that he finds wakes the next sleeper of <em>that</em> entry, and nobody if he
/// finds none or is refused (<c>put_unlocked_entry</c> since 61c30c98ef17). Enough where removals wake everybody and nobody waits
/// for an entry smaller than asked; where he may find another entry than he slept for, it hangs with four threads in nine steps.
/// </summary>
public sealed class PassOnUnderFoundKey : IPassOnRule
{
    /// <inheritdoc/>
    public bool WakesWhenPut => true;

    /// <inheritdoc/>
    public PageIndex? KeyToWake(PageIndex waited, PageIndex? found, LeaveOccasion occasion) =>
        occasion == LeaveOccasion.HasNoUse ? found : null;
}

/// <summary>
/// Nobody passes a wake-up on: the test in <c>put_unlocked_entry</c> was the wrong way round (23c84eb78375; mended by 61c30c98ef17).
/// Smallest case: three threads, six steps.
/// </summary>
public sealed class NeverPassOn : IPassOnRule
{
    /// <inheritdoc/>
    public bool WakesWhenPut => false;

    /// <inheritdoc/>
    public PageIndex? KeyToWake(PageIndex waited, PageIndex? found, LeaveOccasion occasion) => null;
}

/// <summary>Who may walk away waits so that he cannot swallow a wake-up (upstream since 4.20).</summary>
public sealed class NonExclusiveWait : IGiveUpWait
{
    /// <inheritdoc/>
    public bool IsExclusive => false;
}

/// <summary>
/// Who locks by page waits exclusively, is the one woken, finds the page gone and leaves without a word (4.19). Smallest case: three
/// threads, six steps.
/// </summary>
public sealed class ExclusiveThenLeave : IGiveUpWait
{
    /// <inheritdoc/>
    public bool IsExclusive => true;
}

/// <summary>Whoever slept for an entry that is gone or of another size is woken and looks again (237388320def, 5.13).</summary>
public sealed class WakeAllWaiters : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => RemovalWakeMode.All;
}

/// <summary>
/// Deleting an entry wakes one sleeper, who finds nothing and wakes nobody (until 5.13). Smallest case: four threads, eight steps.
/// </summary>
public sealed class WakeOneOnDelete : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => kind == RemovalKind.Delete ? RemovalWakeMode.One : RemovalWakeMode.All;
}

/// <summary>Deleting an entry wakes nobody: it went through the put with the wrong test (the first form of the 2019 change).</summary>
public sealed class WakeNobodyOnDelete : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => kind == RemovalKind.Delete ? RemovalWakeMode.None : RemovalWakeMode.All;
}

/// <summary>
/// An entry that changes its kind wakes one sleeper, who sleeps again on the new one (965d004af540 mended it for 4.10). Smallest
/// case: three threads, ten steps.
/// </summary>
public sealed class WakeOneOnDowngrade : IRemovalWake
{
    /// <inheritdoc/>
    public RemovalWakeMode ModeFor(RemovalKind kind) => kind == RemovalKind.Downgrade ? RemovalWakeMode.One : RemovalWakeMode.All;
}

/// <summary>The size comes from the entry.</summary>
public sealed class SizeFromEntry : IUnlockSize
{
    /// <inheritdoc/>
    public PageOrder OrderFor(PageOrder entryOrder) => entryOrder;
}

/// <summary>
/// The size comes from the page's head bit, which device pages lack: a 2 MiB entry is unlocked as if it had 4 KiB, and the wrong
/// key is woken (4.19; mended by fda490d39fc0).
/// </summary>
public sealed class SizeFromPageHead : IUnlockSize
{
    /// <inheritdoc/>
    public PageOrder OrderFor(PageOrder entryOrder) => PageOrder.Pte;
}

/// <summary>The last unpin wakes those who break the layout around the page.</summary>
public sealed class WakeWhenIdle : IUnpinWake
{
    /// <inheritdoc/>
    public bool WakesWhenIdle => true;
}

/// <summary>
/// The unpin goes through a put that takes a page for idle when nothing refers to it, while a page of fs-dax is idle when one reference is
/// left: nobody is woken (5.18; mended by f4f451a16dd1 in 5.19). Smallest case: two threads, two steps.
/// </summary>
public sealed class WakeNobodyWhenIdle : IUnpinWake
{
    /// <inheritdoc/>
    public bool WakesWhenIdle => false;
}
