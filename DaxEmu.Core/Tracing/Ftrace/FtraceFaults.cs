namespace DaxEmu.Core.Tracing;

/// <summary>Pairs the starts and ends of a trace's faults, thread by thread. Other events are skipped.</summary>
public sealed class FtraceFaults
{
    private const int MostOpen = 1 << 16;

    private readonly FtraceReader reader;
    private readonly Dictionary<int, FtraceRecord> open = [];

    /// <summary>Pairs what <paramref name="reader"/> reads; it stays the caller's.</summary>
    public FtraceFaults(FtraceReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        this.reader = reader;
    }

    /// <summary>Ends without a start, up to here: the trace begins in the middle of them, or events were lost.</summary>
    public long MissingStartCount { get; private set; }

    /// <summary>Starts without an end, up to here; those still open are counted when the text ends.</summary>
    public long MissingEndCount { get; private set; }

    /// <summary>The faults in the order of their ends.</summary>
    /// <exception cref="FormatException">A line is malformed; the message names file, line and what is wrong.</exception>
    public IEnumerable<RecordedFault> ReadAll()
    {
        while (reader.TryRead(out FtraceRecord record))
        {
            switch (record.Event.Kind)
            {
                case DaxEventKind.PmdFault:
                case DaxEventKind.PteFault:
                    // A thread has one fault at a time: another start means that the first one's end was lost.
                    if (!open.TryAdd(record.Task.Pid, record))
                    {
                        MissingEndCount++;
                        open[record.Task.Pid] = record;
                    }

                    if (open.Count > MostOpen)
                    {
                        throw reader.Wrong($"more than {MostOpen} threads have begun a fault and not ended it");
                    }

                    break;
                case DaxEventKind.PmdFaultDone:
                case DaxEventKind.PteFaultDone:
                    if (TryClose(record, out RecordedFault fault))
                    {
                        yield return fault;
                    }

                    break;
                default:
                    break;
            }
        }

        MissingEndCount += open.Count;
        open.Clear();
    }

    private bool TryClose(in FtraceRecord done, out RecordedFault fault)
    {
        if (!open.Remove(done.Task.Pid, out FtraceRecord start))
        {
            MissingStartCount++;
            fault = default;
            return false;
        }

        PageOrder order = done.Event.Kind == DaxEventKind.PmdFaultDone ? PageOrder.Pmd : PageOrder.Pte;
        bool isSame = start.Event.Fault == done.Event.Fault
            && start.Event.Kind == (order == PageOrder.Pmd ? DaxEventKind.PmdFault : DaxEventKind.PteFault);
        if (!isSame)
        {
            MissingEndCount++;
            MissingStartCount++;
            fault = default;
            return false;
        }

        fault = new RecordedFault(done.Task, done.Cpu, start.Time, done.Time, done.Device, order, done.Event.Fault, done.Event.Result);
        return true;
    }
}
