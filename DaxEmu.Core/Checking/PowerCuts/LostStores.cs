namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>What a power cut has taken from a line.</summary>
/// <param name="Offset">The line's first byte.</param>
/// <param name="Undecided">How many of its stores could be lost.</param>
/// <param name="Events">The events of those that were.</param>
/// <param name="Reason">Why the first of them could be.</param>
internal sealed record LostStores(long Offset, int Undecided, IReadOnlyList<int> Events, LossReason Reason);
