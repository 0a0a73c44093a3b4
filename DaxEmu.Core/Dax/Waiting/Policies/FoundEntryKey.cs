namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>The key is the first page of the entry that was found: waiter and waker derive it from the same entry (upstream since 5.3).</summary>
internal sealed class FoundEntryKey : IWaitKeying
{
    /// <inheritdoc/>
    public PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder) => found.StartOf(foundOrder);
}
