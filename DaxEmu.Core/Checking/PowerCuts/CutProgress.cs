using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Checking;

/// <summary>
/// By which a workload says how far it is: which steps it has begun, and which it has acknowledged, so that they must survive a power cut.
/// </summary>
public sealed class CutProgress
{
    private readonly StoreRecorder recorder;
    private readonly List<string> labels = [];
    private int acknowledged;

    internal CutProgress(StoreRecorder recorder) => this.recorder = recorder;

    /// <summary>What the steps are, for the description of a failure.</summary>
    internal IReadOnlyList<string> Labels => labels;

    /// <summary>A step begins: from here on a cut may leave some of it.</summary>
    /// <param name="label">What it does, in a few words.</param>
    public void Begin(string label = "")
    {
        labels.Add(label);
        recorder.Mark(RecordedEventKind.Begin, labels.Count);
    }

    /// <summary>The step that began last is durable, so the workload promises: no cut from here on may lose it.</summary>
    public void Acknowledge() => recorder.Mark(RecordedEventKind.Acknowledge, ++acknowledged);

    /// <summary>Begins a step, does it, and acknowledges it.</summary>
    /// <param name="label">What it does, in a few words.</param>
    /// <param name="step">Does it, and makes it durable.</param>
    public void Step(string label, Action step)
    {
        ArgumentNullException.ThrowIfNull(step);
        Begin(label);
        step();
        Acknowledge();
    }
}
