using System.Diagnostics.CodeAnalysis;
using System.Text;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Tracing;
using DaxEmu.Native.Interpose;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Signals;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>This process, if its system calls are dispatched: its volume, its counts, its watchdog.</summary>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as the process, and ends the volume with it.")]
internal sealed unsafe class DispatchedProgram
{
    private const int Append = 0x400;
    private const int Create = 0x40;
    private const int WriteOnly = 1;
    private const int CloseOnExec = 0x80000;
    private const int Sigsegv = 11;
    private const long LongestFork = 1000; // milliseconds

    private readonly StubTable* table;
    private readonly DispatchSettings settings;
    private readonly InterposedVolume volume;
    private readonly SystemCalls calls;
    private readonly DispatchTrace? trace;
    private readonly HelperThread watchdog;
    private readonly long image = Environment.TickCount64;
    private FunctionHooks hooks = null!;

    // The thread that is about to make another process, and when it ended the library's threads: 0 if they run, or are not needed.
    private volatile int helpersEndedBy;
    private long helpersEndedAt;
    private int seenForks;
    private bool wasUsed;
    private volatile bool isEnding;
    private int endingThread;

    private DispatchedProgram(StubTable* table, DispatchSettings settings)
    {
        this.table = table;
        this.settings = settings;
        trace = settings.TracePath is null ? null : new DispatchTrace(settings.TracePath);
        volume = new InterposedVolume(new InterposeSettings
        {
            VolumePath = settings.VolumePath,
            Prefix = settings.Prefix,
            FileOptions = settings.FileOptions(trace is null ? null : new FtraceTextSink(trace)),
            FormatsNew = settings.IsNew,
            FaultAroundBytes = settings.FaultAroundBytes,
            Unmaps = &table->Unmaps,
            DescriptorMarks = table->Descriptors,
            DescriptorMarkCount = StubTable.DescriptorCount,
            MountChanged = OnMountChanged,
            TurnPath = settings.ReportPath,
        });
        calls = new SystemCalls(volume);
        watchdog = new HelperThread("daxemu-watchdog", new DispatchWatchdog(this, settings.Watchdog).Watch);
    }

    /// <summary>Takes the process over: signals, filters, hooked functions. The dispatch itself is not on yet.</summary>
    public static DispatchedProgram Begin(StubTable* table, DispatchSettings settings)
    {
        RawSystemCall.LeaveThrough(table->RawCall);
        DispatchFilter.Begin(table);
        CallClasses.Fill(table->Classes);
        HostFaults.Install();
        nint runtimes = FaultEntry.Next;
        FaultEntry.Next = table->FaultDeclined;
        table->OnFault = FaultEntry.Address;
        ProgramSignals.TakeOver(table);
        table->RuntimeActions[Sigsegv].Handler = runtimes;
        var program = new DispatchedProgram(table, settings);
        program.hooks = new FunctionHooks(table);
        _ = SignalCalls.RegisterAtFork(table->PrepareFork, 0, null, 0);
        return program;
    }

    /// <summary>Serves a call that came by a signal, if it is the volume's.</summary>
    public bool TryServeDispatched(in SystemCall call, out long result)
    {
        bool isServed = TryServe(call, out result);
        if (isServed)
        {
            hooks.NoteSignal(call.Number);
        }

        return isServed;
    }

    /// <summary>Serves a call, if it is the volume's.</summary>
    public bool TryServe(in SystemCall call, out long result)
    {
        if (isEnding)
        {
            Stay();
        }

        if (table->Forks != seenForks)
        {
            AfterFork();
        }
        else if (helpersEndedBy != 0)
        {
            ResumeHelpers();
        }

        return calls.TryServe(call, out result);
    }

    /// <summary>Lets the volume go before another process is made, which may need it.</summary>
    /// <param name="isCopy">Whether that one will have the memory of this one: then the library's own threads end, too.</param>
    public void BeforeProcess(bool isCopy) => Quietly(() =>
    {
        volume.LetGo(insideCalls: 0);
        if (isCopy)
        {
            EndHelpers();
        }
    });

    /// <summary>Leaves the counts, since another program may take this one's place.</summary>
    public void BeforeExec() => Quietly(() => WriteReport(null));

    /// <summary>At the end of the process: the volume is made durable and unmounted, and other threads use it no more.</summary>
    public void End()
    {
        endingThread = Environment.CurrentManagedThreadId;
        isEnding = true;
        if (table->IsOrphan == 0)
        {
            Quietly(volume.Dispose);
            Quietly(() => WriteReport(null));
            trace?.Flush();
        }
    }

    /// <summary>Writes the wait graph, and ends the process.</summary>
    public void EndHung(string graph)
    {
        new Notes(null).Give("a thread hangs. The wait graph:\n" + graph);
        Quietly(() => WriteReport(graph));
        trace?.Flush();
        ProcessEnd.Now(1);
    }

    /// <summary>Every thread that waits now; for a watchdog.</summary>
    public WaitGraph CaptureWaits() => WaitGraph.Capture(WaitTable.Shared, volume.OpenFiles.Select(SourceOf).OfType<IWaitGraphSource>());

    // A file may be closed meanwhile: no thread waits in it then.
    private static IWaitGraphSource? SourceOf(DaxFile file)
    {
        try
        {
            return file.Mapping.Locker;
        }
        catch (ObjectDisposedException)
        {
            return null;
        }
    }

    // What is told here cannot be told the program: its call is passed on in any case.
    private static void Quietly(Action action)
    {
        try
        {
            action();
        }
#pragma warning disable CA1031
        catch (Exception e)
#pragma warning restore CA1031
        {
            new Notes(null).Give(e.Message);
        }
    }

    private void Stay()
    {
        while (endingThread != Environment.CurrentManagedThreadId)
        {
            Thread.Sleep(Timeout.Infinite);
        }
    }

    private void EndHelpers()
    {
        helpersEndedAt = Environment.TickCount64;
        helpersEndedBy = Environment.CurrentManagedThreadId;
        watchdog.End();
        volume.EndTurns();
        table->HasHelpers = 0;
    }

    // By the thread that has made the process, or by another when that must have happened long since.
    private void ResumeHelpers()
    {
        if (helpersEndedBy != Environment.CurrentManagedThreadId && Environment.TickCount64 - helpersEndedAt < LongestFork)
        {
            return;
        }

        helpersEndedBy = 0;
        if (volume.IsMounted)
        {
            table->HasHelpers = 1;
            volume.ResumeTurns();
            BeginWatchdog();
        }
    }

    private void AfterFork()
    {
        seenForks = table->Forks;
        helpersEndedBy = 0;
        watchdog.Forget();
        volume.ForgetThreads();
        if (table->IsOrphan != 0)
        {
            volume.AfterForkInChild();
        }

        wasUsed = false;
    }

    private void OnMountChanged(bool isMounted)
    {
        table->IsMounted = isMounted ? 1 : 0;
        if (isMounted)
        {
            wasUsed = true;
            table->HasHelpers = 1; // the thread that gives turns has begun by now
            BeginWatchdog();
        }
    }

    private void BeginWatchdog()
    {
        if (settings.Watchdog > TimeSpan.Zero)
        {
            watchdog.Begin();
        }
    }

    private void WriteReport(string? hang)
    {
        if (!wasUsed || settings.ReportPath is not { } path || table->IsOrphan != 0)
        {
            return;
        }

        string name = File.ReadAllText("/proc/self/comm").TrimEnd('\n');
        byte[] line = ProcessReport.Format(Environment.ProcessId, image, name, hang, HostFaults.Counts, WaitCounts.Now);
        byte[] file = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* pathStart = file, lineStart = line)
        {
            int descriptor = (int)RawSystemCall.Invoke(Sys.Open, (nint)pathStart, WriteOnly | Append | Create | CloseOnExec, 0x180);
            _ = RawSystemCall.Invoke(Sys.Write, descriptor, (nint)lineStart, line.Length);
            _ = RawSystemCall.Invoke(Sys.Close, descriptor);
        }
    }
}
