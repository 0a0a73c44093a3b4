namespace DaxEmu.Tests.Mutation;

/// <summary>A fault of one line.</summary>
/// <param name="Name">What is wrong, in a sentence.</param>
/// <param name="File">The source, below the core's folder.</param>
/// <param name="Line">The line as it stands there, without its indentation; it must be there exactly once.</param>
/// <param name="Fault">What stands there instead.</param>
/// <param name="Scenario">The scenario whose search finds it.</param>
/// <param name="Profile">The profile under which.</param>
/// <param name="BuffersStores">Whether it takes a store that lingers.</param>
/// <param name="Preemptions">How many preemptions it takes at the most.</param>
public sealed record Mutant(
    string Name, string File, string Line, string Fault, string Scenario, string Profile = "fixed", bool BuffersStores = false,
    int Preemptions = Probe.Preemptions)
{
    /// <inheritdoc/>
    public override string ToString() => Name;
}
