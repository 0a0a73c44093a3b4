using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>Describes a run in a few lines: what the threads did, and which of them never go on.</summary>
internal static class ScheduleTrace
{
    /// <summary>The most lines of a run of the core.</summary>
    public const int MaxLines = 10;

    /// <summary>The most lines of a run of labelled steps: here every step may be the one that matters.</summary>
    public const int MaxLabelledLines = 40;

    /// <summary>The lines of a run.</summary>
    /// <param name="recorder">What was written down.</param>
    /// <param name="threadNames">The names of the scenario's threads.</param>
    /// <param name="failure">How it ended; null if well.</param>
    /// <returns>The lines, and how many events of the threads they stand for, those that were left out included.</returns>
    public static (IReadOnlyList<string> Lines, int EventCount) Render(TraceRecorder recorder, IReadOnlyList<string> threadNames, RunFailure? failure)
    {
        List<string> ending = Ending(recorder, threadNames, failure);
        if (recorder.HasLabels)
        {
            return RenderLabelled(recorder, threadNames, ending);
        }

        List<TraceEvent> all = [.. WithoutSpuriousSleeps(recorder.Notes, failure).Select(n => EventOf(n))];
        int capacity = MaxLines - ending.Count;
        List<TraceEvent> events = all.Count > capacity ? Joined(all) : all;
        List<TraceEvent> chosen = Chosen(events, capacity);
        List<string> lines = [.. chosen.Select(e => $"{NameOf(e.Thread, threadNames)}: {e.Text}")];
        if (chosen.Count < events.Count)
        {
            lines[^1] += $" (left out above: {events.Count - chosen.Count})";
        }

        lines.AddRange(ending);
        return (lines, events.Count);
    }

    /// <summary>Every atomic step of a run, a line each.</summary>
    public static IReadOnlyList<string> RenderSteps(TraceRecorder recorder) => [.. recorder.Steps.Select(step => step.ToString())];

    // Every labelled step and drain, and the notes between them; if they are too many, the last ones.
    private static (IReadOnlyList<string> Lines, int EventCount) RenderLabelled(TraceRecorder recorder, IReadOnlyList<string> threadNames, List<string> ending)
    {
        List<(int Place, string Line)> events = [];
        for (int i = 0; i < recorder.Steps.Count; i++)
        {
            RecordedStep step = recorder.Steps[i];
            if (step.Kind == StepKind.Drain || step.Label.Text is not null)
            {
                events.Add((i, $"{NameOf(step.Thread, threadNames)}: {step.Describe()}"));
            }
        }

        events.AddRange(recorder.Notes.Select(n => (n.StepCount, $"{NameOf(n.Thread, threadNames)}: {Describe(n.Note)}")));
        List<string> all = [.. events.OrderBy(e => e.Place).Select(e => e.Line)];
        int capacity = MaxLabelledLines - ending.Count;
        List<string> lines = all.Count <= capacity ? all : [$"(left out: {all.Count - capacity + 1})", .. all.TakeLast(capacity - 1)];
        return ([.. lines, .. ending], all.Count);
    }

    private static TraceEvent EventOf(in RecordedNote note) => new(note.Thread, Worth(note.Note.Kind), Describe(note.Note), note.Note.Kind);

    private static string NameOf(int thread, IReadOnlyList<string> names) => $"T{thread} {names[thread]}";

    private static string Describe(in InterleavingNote note) => note.Kind switch
    {
        NoteKind.Inserted => $"inserts a locked {Size(note)}entry at {note.Index.Value}",
        NoteKind.Locked => $"locks the {Size(note)}entry at {note.Index.Value}",
        NoteKind.Unlocked => $"unlocks the {Size(note)}entry at {note.Index.Value}",
        NoteKind.Removed => $"removes the {Size(note)}entry at {note.Index.Value}",
        NoteKind.Sleeps => $"sleeps on key {note.Key}",
        NoteKind.Woken => $"is woken from key {note.Key}",
        NoteKind.WakesNext => $"wakes one waiter of key {note.Key}",
        NoteKind.WakesAll => $"wakes all waiters of key {note.Key}",
        NoteKind.PassesOn => $"abandons the wait and wakes one waiter of key {note.Key}",
        NoteKind.Abandons => "abandons the wait and wakes none",
        NoteKind.Conflict => $"meets a 4 KiB entry in the 2 MiB at {note.Index.Value} and falls back",
        NoteKind.Downgrades => $"splits the 2 MiB placeholder at {note.Index.Value}",
        NoteKind.AwaitsIdle => $"sleeps until device page {note.Key} is idle",
        NoteKind.WakesAtIdle => $"drops the last pin of device page {note.Key} and wakes its waiters",
        NoteKind.IgnoresIdle => $"drops the last pin of device page {note.Key} and wakes none",
        _ => note.Text ?? note.Kind.ToString(),
    };

    private static string Size(in InterleavingNote note) => note.Order == PageOrder.Pmd ? "2 MiB " : string.Empty;

    // What a line is worth, if not all fit.
    private static int Worth(NoteKind kind) => kind switch
    {
        NoteKind.Unlocked => 0,
        NoteKind.Conflict => 1,
        NoteKind.Locked or NoteKind.Inserted => 2,
        NoteKind.Woken or NoteKind.Says => 3,
        _ => 4,
    };

    // A thread announces a sleep before it re-checks the condition. Keep only sleeps followed by a wake-up or by the end of the run.
    private static List<RecordedNote> WithoutSpuriousSleeps(IReadOnlyList<RecordedNote> notes, RunFailure? failure)
    {
        HashSet<int> asleep = failure is null
            ? []
            : [.. failure.Stuck.Where(stuck => stuck.Pending == StepKind.Wait).Select(stuck => stuck.Thread)];
        List<RecordedNote> real = [];
        for (int i = 0; i < notes.Count; i++)
        {
            int thread = notes[i].Thread;
            RecordedNote? next = notes.Skip(i + 1).Where(note => note.Thread == thread).Select(note => (RecordedNote?)note).FirstOrDefault();
            if (notes[i].Note.Kind != NoteKind.Sleeps || (next is { } after ? after.Note.Kind == NoteKind.Woken : asleep.Contains(thread)))
            {
                real.Add(notes[i]);
            }
        }

        return real;
    }

    // What a thread does at once becomes one line: it unlocks and wakes, it is woken and abandons the wait.
    private static List<TraceEvent> Joined(List<TraceEvent> all)
    {
        List<TraceEvent> joined = [];
        foreach (TraceEvent next in all)
        {
            if (joined.Count > 0 && joined[^1] is var last && last.Thread == next.Thread && AreOne(last.Kind, next.Kind))
            {
                joined[^1] = last with { Text = $"{last.Text}{(last.Kind == NoteKind.Woken ? "," : " and")} {next.Text}", Worth = Math.Max(last.Worth, next.Worth), Kind = next.Kind };
            }
            else
            {
                joined.Add(next);
            }
        }

        return joined;
    }

    private static bool AreOne(NoteKind first, NoteKind second) => (first, second) is
        (NoteKind.Unlocked or NoteKind.Removed or NoteKind.Downgrades, NoteKind.WakesNext or NoteKind.WakesAll)
        or (NoteKind.Woken, NoteKind.PassesOn or NoteKind.Abandons);

    // The events worth most, in their order; of equal ones the later.
    private static List<TraceEvent> Chosen(List<TraceEvent> events, int capacity) =>
        [.. events.Select((e, place) => (e, place))
            .OrderByDescending(item => item.e.Worth).ThenByDescending(item => item.place)
            .Take(capacity).OrderBy(item => item.place).Select(item => item.e)];

    private static List<string> Ending(TraceRecorder recorder, IReadOnlyList<string> names, RunFailure? failure)
    {
        if (failure is null)
        {
            return [];
        }

        if (failure.Kind != FailureKind.Hang)
        {
            return [$"{failure.Kind}: {failure.Message}"];
        }

        const int MaxStuck = 3;
        List<string> lines = [.. failure.Stuck.Take(MaxStuck).Select(stuck => $"{NameOf(stuck.Thread, names)} {StuckOn(recorder, stuck)}")];
        if (failure.Stuck.Count > MaxStuck)
        {
            lines[^1] += $"; so do {failure.Stuck.Count - MaxStuck} more";
        }

        long[] woken = [.. recorder.Notes.Select(note => note.Note)
            .Where(note => note.Kind is NoteKind.WakesNext or NoteKind.WakesAll or NoteKind.PassesOn)
            .Select(note => note.Key).Distinct().Order()];
        if (recorder.Notes.Any(note => note.Note.Kind == NoteKind.Sleeps))
        {
            lines.Add(woken.Length == 0 ? "no key was woken" : $"keys that were woken: {string.Join(", ", woken)}");
        }

        return lines;
    }

    private static string StuckOn(TraceRecorder recorder, StuckThread stuck)
    {
        InterleavingNote? last = recorder.Notes
            .Where(note => note.Thread == stuck.Thread && note.Note.Kind is NoteKind.Sleeps or NoteKind.Woken or NoteKind.AwaitsIdle)
            .Select(note => (InterleavingNote?)note.Note).LastOrDefault();
        return stuck.Pending switch
        {
            StepKind.Wait when last is { Kind: NoteKind.Sleeps } note => $"sleeps for ever on key {note.Key}",
            StepKind.Wait when last is { Kind: NoteKind.AwaitsIdle } note => $"waits for ever for device page {note.Key} to be idle",
            StepKind.SpinWhile => $"spins for ever {stuck.Place}",
            _ => $"sleeps for ever {stuck.Place}",
        };
    }

    /// <summary>What becomes a line: a thread, and what it did.</summary>
    private readonly record struct TraceEvent(int Thread, int Worth, string Text, NoteKind Kind);
}
