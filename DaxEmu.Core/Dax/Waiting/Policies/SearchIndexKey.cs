namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// The key is the search index, rounded down only if the entry found is a PMD (the XArray conversion, b15cd800682f, Linux 4.20 to 5.2).
/// A 2 MiB lookup that meets a locked 4 KiB entry sleeps on the first page of its range, while the owner wakes the entry's own page.
/// Smallest case: two threads, four steps.
/// </summary>
internal sealed class SearchIndexKey : IWaitKeying
{
    /// <inheritdoc/>
    public PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder) =>
        foundOrder == PageOrder.Pmd ? searched.PmdStart : searched;
}
