namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// The size comes from the page's head bit, which device pages lack: a 2 MiB entry is unlocked as if it had 4 KiB, and another key is
/// woken (4.19; fixed by fda490d39fc0).
/// </summary>
internal sealed class SizeFromPageHead : IUnlockSize
{
    /// <inheritdoc/>
    public PageOrder OrderFor(PageOrder entryOrder) => PageOrder.Pte;
}
