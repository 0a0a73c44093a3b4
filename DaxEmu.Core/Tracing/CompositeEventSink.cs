namespace DaxEmu.Core.Tracing;

/// <summary>Passes each event to several sinks, in the order in which they are given.</summary>
public sealed class CompositeEventSink : IDaxEventSink
{
    private readonly IDaxEventSink[] sinks;

    /// <summary>A sink that passes on to <paramref name="sinks"/>.</summary>
    /// <exception cref="ArgumentException">One of them is null.</exception>
    public CompositeEventSink(params IEnumerable<IDaxEventSink> sinks)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        this.sinks = [.. sinks];
        if (Array.IndexOf(this.sinks, null) is >= 0 and var place)
        {
            throw new ArgumentException($"sink {place} is null; leave it out.", nameof(sinks));
        }
    }

    /// <inheritdoc/>
    public void Receive(in DaxEvent daxEvent)
    {
        foreach (IDaxEventSink sink in sinks)
        {
            sink.Receive(daxEvent);
        }
    }
}
