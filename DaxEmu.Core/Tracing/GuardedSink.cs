using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Tracing;

/// <summary>Keeps an observer's exceptions away from what it observes.</summary>
/// <remarks>
/// Events are reported in the middle of protocols: with an entry locked, before a wake-up that another thread waits for. An exception there
/// would leave the entry locked or lose the wake-up. So the first exception is kept (<see cref="Failure"/>), the operation goes on, and the
/// observer gets no further event: what it has is a prefix of what happened.
/// </remarks>
internal sealed class GuardedSink(IDaxEventSink inner) : IDaxEventSink
{
    private volatile Exception? failure;

    /// <summary>The observer.</summary>
    public IDaxEventSink Inner { get; } = inner;

    /// <summary>What it threw first; null if nothing.</summary>
    public Exception? Failure => failure;

    public void Receive(in DaxEvent daxEvent)
    {
        if (failure is not null)
        {
            return;
        }

        try
        {
            Fallible.ThrowIfFails(FallibleStep.Sink);
            Inner.Receive(daxEvent);
        }
#pragma warning disable CA1031 // No exception of an observer may reach the protocol that it observes.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            failure = thrown;
        }
    }
}
