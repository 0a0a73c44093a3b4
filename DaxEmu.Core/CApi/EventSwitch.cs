using System.Text;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.CApi;

/// <summary>Where the events of a volume's files go: to a file in the kernel's trace text while a trace is on, else nowhere.</summary>
internal sealed class EventSwitch : IDaxEventSink, IDisposable
{
    private readonly Lock gate = new();
    private volatile Trace? current;

    public void Receive(in DaxEvent daxEvent) => current?.Receive(daxEvent);

    /// <summary>Begins a trace; one that is on is ended.</summary>
    /// <param name="path">The file, which is overwritten.</param>
    public void Start(string path)
    {
        var next = new Trace(path);
        Stop(next);
    }

    /// <summary>Ends the trace, if one is on: all lines are in its file then.</summary>
    public void Dispose() => Stop(null);

    private void Stop(Trace? next)
    {
        lock (gate)
        {
            Trace? last = current;
            current = next;
            last?.Dispose();
        }
    }

    private sealed class Trace : IDaxEventSink, IDisposable
    {
        private readonly Lock gate = new();
        private readonly StreamWriter writer;
        private readonly FtraceTextSink text;
        private bool isEnded;

        public Trace(string path)
        {
            writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16);
            text = new FtraceTextSink(writer);
        }

        // A thread may have got here before the trace was ended.
        public void Receive(in DaxEvent daxEvent)
        {
            lock (gate)
            {
                if (!isEnded)
                {
                    text.Receive(daxEvent);
                }
            }
        }

        public void Dispose()
        {
            lock (gate)
            {
                isEnded = true;
                writer.Dispose();
            }
        }
    }
}
