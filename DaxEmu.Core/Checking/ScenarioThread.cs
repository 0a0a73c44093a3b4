namespace DaxEmu.Core.Checking;

/// <summary>One thread of a scenario.</summary>
/// <example><code>new ScenarioThread("producer", () =&gt; queue.Enqueue(42))</code></example>
public sealed record ScenarioThread
{
    /// <summary>Describes a thread.</summary>
    /// <param name="name">What it does, as the trace prints it: "producer".</param>
    /// <param name="body">Runs under the scheduler, once in each run.</param>
    public ScenarioThread(string name, Action body)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(body);
        Name = name;
        Body = body;
    }

    internal ScenarioThread(string name, Action body, Action? afterRun)
        : this(name, body) => AfterRun = afterRun;

    /// <summary>What it does, as the trace prints it.</summary>
    public string Name { get; }

    /// <summary>Runs under the scheduler.</summary>
    public Action Body { get; }

    /// <summary>
    /// Runs on the same thread, outside the schedule, after each run, also an abandoned one: clears what lies in slots of the thread.
    /// </summary>
    internal Action? AfterRun { get; }
}
