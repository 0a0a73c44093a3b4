namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>What came of one cut.</summary>
/// <param name="PossibleStates">States that it may leave.</param>
/// <param name="IsIncomplete">Whether not all were covered.</param>
/// <param name="Failure">The failure with least lost, if there is one.</param>
internal sealed record CutOutcome(double PossibleStates, bool IsIncomplete, PowerCutFailure? Failure);
