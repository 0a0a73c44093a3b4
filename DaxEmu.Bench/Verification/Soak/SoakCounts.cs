namespace DaxEmu.Bench.Verification.Soak;

/// <summary>How much was compared with what a loss of power would leave.</summary>
/// <param name="PromisesKept">Pages and lines looked at by the thread that had made them durable, at once.</param>
/// <param name="CleanPages">Pages without a dirty entry, at quiescent points.</param>
/// <param name="PromisedPages">Pages that some operation had made durable, at quiescent points.</param>
/// <param name="SyncedPages">Pages after the sync of a quiescent point.</param>
internal readonly record struct SoakCounts(long PromisesKept, long CleanPages, long PromisedPages, long SyncedPages);
