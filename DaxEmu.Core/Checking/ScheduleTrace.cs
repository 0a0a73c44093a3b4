using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Checking;

/// <summary>Tells a run in at most <see cref="MaxLines"/> lines: what the threads did to entries, and who never gets up again.</summary>
internal static class ScheduleTrace
{
    public const int MaxLines = 10;

    /// <summary>The lines of a run.</summary>
    /// <param name="recorder">What was written down.</param>
    /// <param name="threadNames">The names of the world's threads.</param>
    /// <param name="failure">How it ended; null if well.</param>
    public static IReadOnlyList<string> Render(TraceRecorder recorder, IReadOnlyList<string> threadNames, RunFailure? failure)
    {
        List<string> ending = Ending(recorder, threadNames, failure);
        List<RecordedNote> notes = Chosen(WithoutFalseSleeps(recorder.Notes, failure), MaxLines - ending.Count, out int leftOut);
        List<string> lines = [.. notes.Select(note => $"{NameOf(note.Thread, threadNames)}: {Tell(note.Note)}")];
        if (leftOut > 0)
        {
            lines[^1] = $"{lines[^1]} (left out above: {leftOut})";
        }

        lines.AddRange(ending);
        return lines;
    }

    /// <summary>Every atomic step of a run, a line each.</summary>
    public static IReadOnlyList<string> RenderSteps(TraceRecorder recorder) => [.. recorder.Steps.Select(step => step.ToString())];

    private static string NameOf(int thread, IReadOnlyList<string> names) => $"T{thread} {names[thread]}";

    private static string Tell(in InterleavingNote note) => note.Kind switch
    {
        NoteKind.Inserted => $"inserts a locked {Size(note)}entry at {note.Index.Value}",
        NoteKind.Locked => $"locks the {Size(note)}entry at {note.Index.Value}",
        NoteKind.Unlocked => $"unlocks the {Size(note)}entry at {note.Index.Value}",
        NoteKind.Removed => $"removes the {Size(note)}entry at {note.Index.Value}",
        NoteKind.Sleeps => $"sleeps on key {note.Key}",
        NoteKind.Woken => $"is woken from key {note.Key}",
        NoteKind.WakesNext => $"wakes one waiter of key {note.Key}",
        NoteKind.WakesAll => $"wakes all waiters of key {note.Key}",
        NoteKind.PassesOn => $"goes away and wakes one waiter of key {note.Key}",
        NoteKind.WalksAway => "goes away and wakes nobody",
        NoteKind.Conflict => $"meets a 4 KiB entry in the 2 MiB at {note.Index.Value} and falls back",
        NoteKind.Downgrades => $"splits the 2 MiB placeholder at {note.Index.Value}",
        _ => note.Text ?? note.Kind.ToString(),
    };

    private static string Size(in InterleavingNote note) => note.Order == PageOrder.Pmd ? "2 MiB " : string.Empty;

    // What a line is worth, if there is no room for all.
    private static int Worth(NoteKind kind) => kind switch
    {
        NoteKind.Unlocked => 0,
        NoteKind.Conflict => 1,
        NoteKind.Locked or NoteKind.Inserted => 2,
        NoteKind.Woken or NoteKind.Says => 3,
        _ => 4,
    };

    // Who is about to sleep says so, and may then find that there is no reason to: only a sleep with an end or without any is one.
    private static List<RecordedNote> WithoutFalseSleeps(IReadOnlyList<RecordedNote> notes, RunFailure? failure)
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

    // The notes worth most, in their order; of equal ones the later.
    private static List<RecordedNote> Chosen(List<RecordedNote> notes, int room, out int leftOut)
    {
        leftOut = Math.Max(0, notes.Count - room);
        return [.. notes.Select((note, place) => (note, place))
            .OrderByDescending(item => Worth(item.note.Note.Kind)).ThenByDescending(item => item.place)
            .Take(room).OrderBy(item => item.place).Select(item => item.note)];
    }

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
        RecordedNote last = recorder.Notes.LastOrDefault(
            note => note.Thread == stuck.Thread && note.Note.Kind is NoteKind.Sleeps or NoteKind.Woken);
        if (stuck.Pending == StepKind.Wait && last.Thread == stuck.Thread && last.Note.Kind == NoteKind.Sleeps)
        {
            return $"sleeps for ever on key {last.Note.Key}";
        }

        return stuck.Pending == StepKind.SpinWhile ? $"spins for ever at {stuck.Site}" : $"sleeps for ever at {stuck.Site}";
    }
}
