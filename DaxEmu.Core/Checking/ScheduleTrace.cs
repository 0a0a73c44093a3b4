using DaxEmu.Core.Atomics;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Checking;

/// <summary>Tells a run in at most <see cref="MaxLines"/> lines: what the threads did to entries, and who never gets up again.</summary>
internal static class ScheduleTrace
{
    public const int MaxLines = 10;

    /// <summary>The lines of a run.</summary>
    /// <param name="recorder">What was written down.</param>
    /// <param name="threadNames">The names of the scenario's threads.</param>
    /// <param name="failure">How it ended; null if well.</param>
    /// <returns>The lines, and how many of the threads' steps they stand for: those that are told, and those that there was no room for.</returns>
    public static (IReadOnlyList<string> Lines, int EventCount) Render(TraceRecorder recorder, IReadOnlyList<string> threadNames, RunFailure? failure)
    {
        List<string> ending = Ending(recorder, threadNames, failure);
        List<Told> all = [.. WithoutFalseSleeps(recorder.Notes, failure).Select(n => new Told(n.Thread, Worth(n.Note.Kind), Tell(n.Note), n.Note.Kind))];
        int room = MaxLines - ending.Count;
        List<Told> events = all.Count > room ? Joined(all) : all;
        List<Told> chosen = Chosen(events, room);
        List<string> lines = [.. chosen.Select(told => $"{NameOf(told.Thread, threadNames)}: {told.Text}")];
        if (chosen.Count < events.Count)
        {
            lines[^1] += $" (left out above: {events.Count - chosen.Count})";
        }

        lines.AddRange(ending);
        return (lines, events.Count);
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
        NoteKind.Abandons => "goes away and wakes nobody",
        NoteKind.Conflict => $"meets a 4 KiB entry in the 2 MiB at {note.Index.Value} and falls back",
        NoteKind.Downgrades => $"splits the 2 MiB placeholder at {note.Index.Value}",
        NoteKind.AwaitsIdle => $"sleeps until device page {note.Key} is idle",
        NoteKind.WakesAtIdle => $"drops the last pin of device page {note.Key} and wakes who waits for it",
        NoteKind.IgnoresIdle => $"drops the last pin of device page {note.Key} and wakes nobody",
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

    // What a thread does in one go becomes one line: it unlocks and wakes, it is woken and goes away.
    private static List<Told> Joined(List<Told> all)
    {
        List<Told> joined = [];
        foreach (Told told in all)
        {
            if (joined.Count > 0 && joined[^1] is var last && last.Thread == told.Thread && AreOne(last.Kind, told.Kind))
            {
                joined[^1] = last with { Text = $"{last.Text}{(last.Kind == NoteKind.Woken ? "," : " and")} {told.Text}", Worth = Math.Max(last.Worth, told.Worth), Kind = told.Kind };
            }
            else
            {
                joined.Add(told);
            }
        }

        return joined;
    }

    private static bool AreOne(NoteKind first, NoteKind second) => (first, second) is
        (NoteKind.Unlocked or NoteKind.Removed or NoteKind.Downgrades, NoteKind.WakesNext or NoteKind.WakesAll)
        or (NoteKind.Woken, NoteKind.PassesOn or NoteKind.Abandons);

    // The events worth most, in their order; of equal ones the later.
    private static List<Told> Chosen(List<Told> events, int room) =>
        [.. events.Select((told, place) => (told, place))
            .OrderByDescending(item => item.told.Worth).ThenByDescending(item => item.place)
            .Take(room).OrderBy(item => item.place).Select(item => item.told)];

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
            note => note.Thread == stuck.Thread && note.Note.Kind is NoteKind.Sleeps or NoteKind.Woken or NoteKind.AwaitsIdle);
        if (stuck.Pending == StepKind.Wait && last.Thread == stuck.Thread && last.Note.Kind != NoteKind.Woken)
        {
            return last.Note.Kind == NoteKind.Sleeps ? $"sleeps for ever on key {last.Note.Key}" : $"waits for ever for device page {last.Note.Key} to be idle";
        }

        return stuck.Pending == StepKind.SpinWhile ? $"spins for ever at {stuck.Site}" : $"sleeps for ever at {stuck.Site}";
    }

    /// <summary>A line to be: who did what.</summary>
    private readonly record struct Told(int Thread, int Worth, string Text, NoteKind Kind);
}
