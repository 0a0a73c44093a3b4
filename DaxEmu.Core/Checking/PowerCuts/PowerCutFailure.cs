namespace DaxEmu.Core.Checking;

/// <summary>A power cut after which recovery went wrong: of its test the earliest cut, and of that cut a state with as little lost as possible.</summary>
/// <param name="Test">The test's name.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Cut">Where the power was cut.</param>
/// <param name="StepLabels">The steps that had been begun, as the workload calls them.</param>
/// <param name="Lost">A line of text for each place on the device where stores were lost, and why they could be.</param>
/// <param name="Replay">The string by which <see cref="PowerCutRunner.Replay"/> makes the same state again.</param>
public sealed record PowerCutFailure(
    string Test, string Message, PowerCut Cut, IReadOnlyList<string> StepLabels, IReadOnlyList<string> Lost, string Replay)
{
    /// <summary>All of it, on some lines.</summary>
    public override string ToString() => string.Join('\n', [
        $"{Test}: {Message}",
        $"  power cut {Cut.Number}: {Cut.AcknowledgedSteps} of {Cut.BegunSteps} begun steps acknowledged",
        .. StepLabels.Select((label, i) => $"  step {i + 1}: {label}"),
        .. Lost.Count == 0 ? ["  nothing was lost: every store had arrived"] : Lost.Select(l => $"  {l}"),
        $"  replay: {Replay}"]);
}
