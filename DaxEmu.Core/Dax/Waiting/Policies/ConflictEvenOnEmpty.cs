namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// As <see cref="ConflictOnSmaller"/>, but an empty range counts as a conflict too, so that no 2 MiB entry is ever made (5.3; fixed by
/// 6370740e5f8e in 5.4). Smallest case: one thread, one step.
/// </summary>
internal sealed class ConflictEvenOnEmpty : ISmallerEntryRule
{
    /// <inheritdoc/>
    public bool RefusesEmptyRange => true;

    /// <inheritdoc/>
    public SmallerEntryAction Meet(bool isLocked) => SmallerEntryAction.Conflict;
}
