using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>What a pair of operations came to.</summary>
/// <param name="Relation">Where the two work.</param>
/// <param name="One">The one.</param>
/// <param name="Other">The other.</param>
/// <param name="Lines">The cache lines that one writes and the other reads or writes, in either order, by their names.</param>
/// <param name="Difference">What differs between the two orders: the two do not commute then; null if nothing does.</param>
internal sealed record ConflictPair(
    ConflictRelation Relation, ConflictOperation One, ConflictOperation Other, IReadOnlyList<SharedLine> Lines, string? Difference)
{
    /// <summary>Whether the two share no written line.</summary>
    public bool IsFree => Lines.Count == 0;
}
