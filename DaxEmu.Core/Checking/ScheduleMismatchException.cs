namespace DaxEmu.Core.Checking;

/// <summary>A schedule does not fit the scenario that it is to be replayed in: it is of another one, or the code has changed since.</summary>
/// <param name="message">The first step that does not fit, and what could happen there.</param>
/// <param name="inner">What it was noticed by; null if nothing.</param>
internal sealed class ScheduleMismatchException(string message, Exception? inner = null) : FormatException(message, inner);
