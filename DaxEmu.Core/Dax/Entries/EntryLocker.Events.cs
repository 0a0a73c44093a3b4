using System.Diagnostics;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>
/// What the locker reports: one method an event, which serves all three listeners, the event sink, the process's tallies and the trace of a
/// checker's schedule. Only <see cref="Trace"/> is on uncontended paths, and outside a checker it compiles to nothing.
/// </summary>
internal sealed partial class EntryLocker
{
    /// <summary>Names the wait queues.</summary>
    public void NameLines(LineNames names) => waits.NameLines(names);

    /// <summary>Receives waits, wake-ups and conflicts; null for none.</summary>
    public IDaxEventSink? Sink { get; set; }

    private unsafe void ReportConflict(PageIndex start, in WaitTicket ticket)
    {
        Trace(NoteKind.Conflict, start, PageOrder.Pmd);
        Sink?.Receive(DaxEvent.EntryConflict(table.MappingId, start));
        WaitTally* tally = WaitTally.Mine;
        tally->Conflicts++;
        tally->NeedlessWaits += ticket.WaitsForSmaller;
    }

    // Reported before the condition is checked again: the thread may find the entry unlocked and not sleep after all.
    private void ReportSleep(PageIndex start, PageOrder order, PageIndex key)
    {
        Trace(NoteKind.Sleeps, start, order, key.Value);
        Sink?.Receive(DaxEvent.EntryWait(table.MappingId, start, order));
    }

    private unsafe void ReportWoken(PageIndex start, PageOrder order, PageIndex key, in WaitTicket ticket)
    {
        Trace(NoteKind.Woken, start, order, key.Value);
        WaitTally.Mine->RepeatedSleeps += ticket.WasWoken ? 1 : 0;
    }

    private unsafe void ReportPassedOn(PageIndex key)
    {
        Trace(NoteKind.PassesOn, key, PageOrder.Pte, key.Value);
        WaitTally.Mine->PassedOn++;
    }

    private void ReportWake(PageIndex start, PageOrder order, PageIndex key, WakeMode mode)
    {
        Trace(mode == WakeMode.All ? NoteKind.WakesAll : NoteKind.WakesNext, start, order, key.Value);
        Sink?.Receive(DaxEvent.EntryWake(table.MappingId, start, order, wakesAll: mode == WakeMode.All));
    }

    private static unsafe void ReportWait(bool isForSmaller, long beginTimestamp)
    {
        WaitTally* tally = WaitTally.Mine;
        tally->Waits++;
        tally->WaitedTicks += Stopwatch.GetTimestamp() - beginTimestamp;
        tally->WaitsForSmaller += isForSmaller ? 1 : 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Trace(NoteKind kind, PageIndex start, PageOrder order, long key = -1)
    {
        if (InterleavingSwitch.On)
        {
            Atomic.Note(new InterleavingNote(kind, table.MappingId, start, order, key));
        }
    }
}
