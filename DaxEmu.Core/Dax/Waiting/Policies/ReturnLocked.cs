namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>A 2 MiB request is given a 4 KiB entry, locked or not, and falls back by itself (Wilcox' first proposal, July 2019).</summary>
internal sealed class ReturnLocked : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => false;

    /// <inheritdoc/>
    public SmallerEntryAction Meet(bool isLocked) => SmallerEntryAction.Return;
}
