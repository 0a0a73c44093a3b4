namespace DaxEmu.Core.Checking;

/// <summary>Something that must hold in a scenario does not: <see cref="ScenarioCheck.That"/> throws it, and the run fails with its message.</summary>
/// <param name="message">What is wrong.</param>
internal sealed class ScenarioViolationException(string message) : Exception(message);
