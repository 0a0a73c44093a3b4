namespace DaxEmu.Core.Checking;

/// <summary>
/// The words of a scenario that two threads access and one of them writes, as far as the schedules tried so far have shown. Every other
/// word is quiet: a step on it comes to the same whatever the other threads do before it or after it.
/// </summary>
/// <remarks>
/// What is learned counts from the next <see cref="Settle"/> on, so that the same choices always meet the same questions. Words
/// are known by their address: for scenarios that stay in place (<see cref="Scenario.IsInPlace"/>).
/// </remarks>
internal sealed class ContendedWords
{
    private const int MostRounds = 1000;

    private readonly HashSet<nint> known = [];
    private readonly HashSet<nint> learned = [];
    private int rounds;

    /// <summary>Whether the word is not known to be contended.</summary>
    public bool IsQuiet(nint location) => !known.Contains(location);

    /// <summary>Two threads accessed the word, and one of them wrote it.</summary>
    public void Learn(nint location)
    {
        if (!known.Contains(location))
        {
            learned.Add(location);
        }
    }

    /// <summary>Takes over what was learned.</summary>
    /// <returns>Whether that was anything: if so, what was searched before must be searched again.</returns>
    /// <exception cref="InvalidOperationException">The words of the scenario do not stay in place.</exception>
    public bool Settle()
    {
        if (learned.Count == 0)
        {
            return false;
        }

        known.UnionWith(learned);
        learned.Clear();
        return ++rounds < MostRounds
            ? true
            : throw new InvalidOperationException("the scenario has new words in each run: say that it is not in place (Scenario.IsInPlace).");
    }
}
