using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>A note of a thread of a run.</summary>
/// <param name="Thread">Whose.</param>
/// <param name="Note">What it tells.</param>
internal readonly record struct RecordedNote(int Thread, InterleavingNote Note);

/// <summary>A step of a run.</summary>
/// <param name="Thread">Whose; of a drain, whose store.</param>
/// <param name="Kind">What it did.</param>
/// <param name="Site">Where in the code.</param>
/// <param name="Word">The word's number in order of first use; -1 for none.</param>
/// <param name="Result">What was read or stored; of a wake-up, how many were woken.</param>
/// <param name="Operand">What a locked instruction brought.</param>
/// <param name="Succeeded">Of a compare-and-exchange, whether it wrote; of a wait, whether it slept.</param>
internal readonly record struct RecordedStep(int Thread, StepKind Kind, Site Site, int Word, ulong Result, ulong Operand, bool Succeeded)
{
    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        StepKind.Load => $"T{Thread} {Site}: load w{Word} = {Result:x}",
        StepKind.SpinWhile => $"T{Thread} {Site}: spun until w{Word} = {Result:x}",
        StepKind.Store => $"T{Thread} {Site}: store w{Word} <- {Result:x}",
        StepKind.Drain => $"T{Thread} drains: w{Word} <- {Result:x}",
        StepKind.CompareExchange when Succeeded => $"T{Thread} {Site}: compare-exchange w{Word} {Result:x} -> {Operand:x}",
        StepKind.CompareExchange => $"T{Thread} {Site}: compare-exchange w{Word} failed, found {Result:x}",
        StepKind.ProcessWideBarrier => $"T{Thread} {Site}: process-wide barrier",
        StepKind.Wait => Succeeded ? $"T{Thread} {Site}: sleeps on w{Word}" : $"T{Thread} {Site}: does not sleep, w{Word} is not {Result:x}",
        StepKind.Wake => $"T{Thread} {Site}: wakes {Result} on w{Word}",
        _ => $"T{Thread} {Site}: {Kind} w{Word} with {Operand:x}, gives {Result:x}",
    };
}

/// <summary>Writes down the notes and steps of a run, for its trace.</summary>
internal sealed class TraceRecorder
{
    private readonly List<RecordedNote> notes = [];
    private readonly List<RecordedStep> steps = [];

    public IReadOnlyList<RecordedNote> Notes => notes;

    public IReadOnlyList<RecordedStep> Steps => steps;

    public void Note(int thread, in InterleavingNote note) => notes.Add(new RecordedNote(thread, note));

    public void Step(int thread, StepKind kind, Site site, int word, ulong result, ulong operand = 0, bool succeeded = false) =>
        steps.Add(new RecordedStep(thread, kind, site, word, result, operand, succeeded));

    /// <summary>Forgets everything: a new run begins.</summary>
    public void Clear()
    {
        notes.Clear();
        steps.Clear();
    }
}
