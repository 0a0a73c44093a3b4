namespace DaxEmu.Core.Checking;

/// <summary>The check says nothing.</summary>
/// <example>See <see cref="CheckOutcome"/>.</example>
/// <param name="Effort">What was searched.</param>
/// <param name="Reason">Why it says nothing.</param>
public sealed record CheckInconclusive(CheckEffort Effort, string Reason) : CheckOutcome(Effort);
