namespace DaxEmu.Core.Checking;

/// <summary>Where in a workload the power was cut, for the check of what recovery made of it.</summary>
/// <param name="Number">Which cut of the workload, from 1.</param>
/// <param name="BegunSteps">Steps that had been begun: a step that was begun and not acknowledged may be there, or not.</param>
/// <param name="AcknowledgedSteps">Steps that had been acknowledged: they must be there.</param>
public sealed record PowerCut(int Number, int BegunSteps, int AcknowledgedSteps);
