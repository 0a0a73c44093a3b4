namespace DaxEmu.Core.Tracing;

/// <summary>
/// Receives the events of one mapping in the order in which they happen: the kernel's event group <c>fs_dax</c>, and a few of the
/// emulator's own (<see cref="DaxEventKind"/>).
/// </summary>
public interface IDaxEventSink
{
    /// <summary>
    /// An event happened. Called on the thread that caused it, with the entry locked where the kernel has it locked: an implementation must
    /// not use the mapping. One that throws gets no further event, and the operation goes on.
    /// </summary>
    /// <param name="daxEvent">The event.</param>
    void Receive(in DaxEvent daxEvent);
}
