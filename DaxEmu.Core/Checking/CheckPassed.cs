namespace DaxEmu.Core.Checking;

/// <summary>No schedule failed.</summary>
/// <example>See <see cref="CheckOutcome"/>.</example>
/// <param name="Effort">What was searched, and how much of it.</param>
/// <param name="Coverage">How much that says.</param>
/// <param name="Bound">The last preemption bound that was searched, or begun if the search was cut off; null where there is none.</param>
public sealed record CheckPassed(CheckEffort Effort, Coverage Coverage, int? Bound) : CheckOutcome(Effort);
