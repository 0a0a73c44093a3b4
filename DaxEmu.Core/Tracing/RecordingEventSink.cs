namespace DaxEmu.Core.Tracing;

/// <summary>Keeps the events in memory, in the order in which they arrived. Safe for any number of threads.</summary>
public sealed class RecordingEventSink : IDaxEventSink
{
    private readonly Lock gate = new();
    private List<DaxEvent> events = [];

    /// <summary>How many events are kept.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return events.Count;
            }
        }
    }

    /// <summary>A copy of the events kept.</summary>
    public IReadOnlyList<DaxEvent> Snapshot()
    {
        lock (gate)
        {
            return [.. events];
        }
    }

    /// <summary>The events since the last call; none is kept afterwards.</summary>
    public IReadOnlyList<DaxEvent> Take()
    {
        lock (gate)
        {
            List<DaxEvent> taken = events;
            events = [];
            return taken;
        }
    }

    /// <inheritdoc/>
    public void Receive(in DaxEvent daxEvent)
    {
        lock (gate)
        {
            events.Add(daxEvent);
        }
    }
}
