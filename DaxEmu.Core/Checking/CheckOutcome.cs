namespace DaxEmu.Core.Checking;

/// <summary>What a check of a scenario came to: <see cref="CheckPassed"/>, <see cref="CheckFailed"/> or <see cref="CheckInconclusive"/>.</summary>
/// <example>
/// <code>
/// Console.WriteLine(CheckRunner.Exhaust(scenario) switch
/// {
///     CheckFailed failed =&gt; $"{failed.Failure.Message}: {failed.Schedule}",
///     CheckPassed passed =&gt; $"passed: {passed.Coverage}",
///     var other =&gt; $"says nothing: {other}",
/// });
/// </code>
/// </example>
/// <param name="Effort">What was searched, and how much of it.</param>
public abstract record CheckOutcome(CheckEffort Effort);
