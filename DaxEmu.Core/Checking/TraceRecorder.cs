using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>Writes down the notes and steps of a run, for its trace.</summary>
internal sealed class TraceRecorder
{
    private readonly List<RecordedNote> notes = [];
    private readonly List<RecordedStep> steps = [];
    private readonly Dictionary<int, string> wordNames = [];

    public IReadOnlyList<RecordedNote> Notes => notes;

    public IReadOnlyList<RecordedStep> Steps => steps;

    /// <summary>Whether a step had a label: then the run is told in labels.</summary>
    public bool HasLabels { get; private set; }

    public void Note(int thread, in InterleavingNote note) => notes.Add(new RecordedNote(thread, note, steps.Count));

    public void Step(int thread, StepKind kind, Site site, StepLabel label, int word, ulong result, ulong operand = 0, bool succeeded = false)
    {
        HasLabels |= label.Text is not null;
        if (label.Word is { } name)
        {
            wordNames[word] = name;
        }

        steps.Add(new RecordedStep(thread, kind, site, label, word, result, operand, succeeded));
    }

    /// <summary>A buffered store reaches memory.</summary>
    public void Drain(int thread, int word, ulong value) =>
        Step(thread, StepKind.Drain, Site.Other, new StepLabel(null, wordNames.GetValueOrDefault(word)), word, value);

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear()
    {
        notes.Clear();
        steps.Clear();
        wordNames.Clear();
        HasLabels = false;
    }
}
