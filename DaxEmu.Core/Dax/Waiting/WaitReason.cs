namespace DaxEmu.Core.Dax.Waiting;

/// <summary>What a thread waits for, for the wait graph.</summary>
/// <param name="SearchedIndex">The page of its operation.</param>
/// <param name="SearchedOrder">The order that its operation asked for.</param>
/// <param name="EntryStart">First page of the entry that it found locked.</param>
/// <param name="EntryOrder">That entry's order.</param>
internal readonly record struct WaitReason(PageIndex SearchedIndex, PageOrder SearchedOrder, PageIndex EntryStart, PageOrder EntryOrder);
