namespace DaxEmu.Core.Checking;

/// <summary>States what must hold in a scenario, in the body of a thread or in the final check.</summary>
/// <example><code>ScenarioCheck.That(received == sent, $"sent {sent} and received {received}");</code></example>
public static class ScenarioCheck
{
    /// <summary>Fails the run if the condition is false.</summary>
    /// <param name="condition">What must hold.</param>
    /// <param name="message">What is wrong, for the report. Two failures with the same message count as the same failure when a schedule is shrunk.</param>
    /// <exception cref="Exception"><paramref name="condition"/> is false. The scheduler catches it: let it pass.</exception>
    public static void That(bool condition, string message)
    {
        if (!condition)
        {
            throw new ScenarioViolationException(message);
        }
    }
}
