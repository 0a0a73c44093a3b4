namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>An operation of the matrix.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Kind">What it works on.</param>
/// <param name="Prepare">Makes the state that it begins from; not recorded.</param>
/// <param name="Run">Does it; returns what its caller sees.</param>
internal sealed record ConflictOperation(
    string Name,
    ConflictKind Kind,
    Action<IConflictState, ConflictPlace> Prepare,
    Func<IConflictState, ConflictPlace, string> Run);
