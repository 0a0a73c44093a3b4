namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>A 2 MiB request that meets a 4 KiB entry is refused at once, locked or not (23c84eb78375, merged for 5.3).</summary>
internal sealed class ConflictOnSmaller : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => false;

    /// <inheritdoc/>
    public SmallerEntryAction Meet(bool isLocked) => SmallerEntryAction.Conflict;
}
