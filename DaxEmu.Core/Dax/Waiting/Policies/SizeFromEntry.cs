namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>The size comes from the entry.</summary>
internal sealed class SizeFromEntry : IUnlockSize
{
    /// <inheritdoc/>
    public PageOrder OrderFor(PageOrder entryOrder) => entryOrder;
}
