namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// The key is the first page of the 2 MiB range, whatever entry was found (Williams' trial of June 2019, never merged). Nothing is
/// lost, but 512 locks share a key: a wake-up can reach a thread that waits for another page and has to be passed on.
/// </summary>
internal sealed class MaskAllKey : IWaitKeying
{
    /// <inheritdoc/>
    public PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder) => found.PmdStart;
}
