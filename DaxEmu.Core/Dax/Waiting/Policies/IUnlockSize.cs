namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Which order an unlock by page uses for the wait key (<c>dax_unlock_page</c>).</summary>
internal interface IUnlockSize
{
    /// <summary>The order, given the entry's own.</summary>
    PageOrder OrderFor(PageOrder entryOrder);
}
