using System.Diagnostics;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// Writes the events of a mapping as trace text, a line each. Safe for any number of threads; lines are in the order of their times. The
/// thread is shown by its .NET name and managed id, the time is the monotonic clock's.
/// </summary>
public sealed class FtraceTextSink : IDaxEventSink
{
    private const string NamelessComm = "daxemu";
    private const int MaximumCommLength = 15;

    private readonly Lock gate = new();
    private readonly TextWriter writer;
    private readonly FtraceLayout layout;
    private readonly DeviceNumber device;

    // The task of each thread that was seen, so that a line allocates nothing.
    private readonly Dictionary<int, FtraceTask> tasks = [];
    private readonly char[] line = new char[FtraceText.MaximumLineLength];

    /// <summary>A sink that writes to <paramref name="writer"/>, which stays the caller's to flush and to close.</summary>
    /// <param name="writer">Where the lines go.</param>
    /// <param name="layout">How they begin.</param>
    /// <param name="device">What they print as the file system's device.</param>
    public FtraceTextSink(TextWriter writer, FtraceLayout layout = FtraceLayout.TraceCmd, DeviceNumber device = default)
    {
        ArgumentNullException.ThrowIfNull(writer);
        this.writer = writer;
        this.layout = layout;
        this.device = device;
    }

    /// <inheritdoc/>
    public void Receive(in DaxEvent daxEvent)
    {
        int cpu = Thread.GetCurrentProcessorId();
        lock (gate)
        {
            // Read under the lock, so that the lines are in the order of their times.
            TimeSpan time = Stopwatch.GetElapsedTime(0);
            int length = FtraceText.Format(new FtraceRecord(CurrentTask(), cpu, time, device, daxEvent), layout, line);
            writer.WriteLine(line.AsSpan(0, length));
        }
    }

    private FtraceTask CurrentTask()
    {
        Thread thread = Thread.CurrentThread;
        int id = thread.ManagedThreadId;
        if (!tasks.TryGetValue(id, out FtraceTask? task))
        {
            task = new FtraceTask(CommOf(thread.Name), id);
            tasks.Add(id, task);
        }

        return task;
    }

    // White space would shift the fields of the line.
    private static string CommOf(string? name)
    {
        if (string.IsNullOrWhiteSpace(name))
        {
            return NamelessComm;
        }

        string comm = string.Concat(name.Trim().Select(c => char.IsWhiteSpace(c) || c == '[' ? '_' : c));
        return comm.Length > MaximumCommLength ? comm[..MaximumCommLength] : comm;
    }
}
