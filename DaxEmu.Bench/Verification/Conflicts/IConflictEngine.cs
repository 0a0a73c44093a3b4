namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>A design whose operations are put beside each other.</summary>
internal interface IConflictEngine
{
    /// <summary>The name by which it is chosen.</summary>
    string Name { get; }

    /// <summary>Its operations.</summary>
    IReadOnlyList<ConflictOperation> Operations { get; }

    /// <summary>A new state.</summary>
    IConflictState Begin();

    /// <summary>Why a line is shared, by its name; null for one that has no reason here.</summary>
    string? ReasonFor(string line);
}
