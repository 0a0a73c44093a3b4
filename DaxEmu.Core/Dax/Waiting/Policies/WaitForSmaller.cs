namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// A 2 MiB request waits for the lock of a 4 KiB entry that it cannot use (before 5.3, and Kara's rule: return an entry of any order that
/// covers the index).
/// </summary>
internal sealed class WaitForSmaller : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => false;

    /// <inheritdoc/>
    public SmallerEntryAction Meet(bool isLocked) => isLocked ? SmallerEntryAction.Wait : SmallerEntryAction.Conflict;
}
