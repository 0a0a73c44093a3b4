namespace DaxEmu.Core.Tracing;

/// <summary>A sink for every mapping of the process, beside each one's own: for a command that is to be traced or counted as a whole.</summary>
internal static class ProcessSink
{
    /// <summary>The sink; null for none. A mapping asks once, when it is made, so that without one nothing is on the path of a fault.</summary>
    public static IDaxEventSink? Current { get; set; }

    /// <summary>What a mapping reports to that was given a sink of its own, or none.</summary>
    public static IDaxEventSink? With(IDaxEventSink? own) =>
        Current is not { } ofProcess ? own
        : own is null ? ofProcess
        : new CompositeEventSink(own, ofProcess);
}
