namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Which page is in the wait key: asked by a thread that goes to sleep and by one that wakes (<c>dax_entry_waitqueue</c>).</summary>
internal interface IWaitKeying
{
    /// <summary>The page of the key.</summary>
    /// <param name="searched">The page at which the lookup began; for a 2 MiB request the first of its range; for a waker the entry's own.</param>
    /// <param name="found">First page of the entry that was found.</param>
    /// <param name="foundOrder">That entry's order.</param>
    PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder);
}
