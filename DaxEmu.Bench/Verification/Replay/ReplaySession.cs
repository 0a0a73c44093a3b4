using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Replay.Input;
using DaxEmu.Native;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// Replays inputs one after the other, and goes on after one that is damaged or missing: the results of the others hold. The report
/// on an input comes when it is done.
/// </summary>
/// <param name="threadCounts">How many threads replay a trace, one run each; 0 for as many as recorded.</param>
/// <param name="mmu">What the accesses of scenarios go through.</param>
/// <param name="problem">Called for each input that cannot be replayed.</param>
/// <param name="cancellation">Ends the session.</param>
internal sealed class ReplaySession(IReadOnlyList<int> threadCounts, MmuKind mmu, Action<string> problem, CancellationToken cancellation)
{
    private long allBytes;
    private long doneBytes;

    /// <summary>The scenarios that were replayed.</summary>
    public ReplayTotals Scenarios { get; } = new();

    /// <summary>The runs of traces, with the names of their inputs.</summary>
    public List<(string Name, TraceReplayReport Report)> Traces { get; } = [];

    /// <summary>The worst that happened.</summary>
    public ExitCode Worst { get; private set; }

    /// <summary>Called after each run of a trace.</summary>
    public Action<string, TraceReplayReport> TraceDone { get; init; } = (_, _) => { };

    /// <summary>Called before each text, with its name and how much of the whole is done, by the bytes of the files.</summary>
    public Action<string, double> Progress { get; init; } = (_, _) => { };

    /// <summary>Replays what the paths on the command line stand for.</summary>
    public void AddAll(IReadOnlyList<string> paths)
    {
        var inputs = new List<string>();
        foreach (string path in paths)
        {
            Guard(() => inputs.AddRange(InputFiles.Expand(path)));
        }

        long[] sizes = [.. inputs.Select(SizeOf)];
        allBytes = sizes.Sum();
        for (int i = 0; i < inputs.Count; i++)
        {
            Guard(() => Replay(inputs[i]));
            doneBytes += sizes[i];
        }
    }

    // A pipe has no size that is known before: then only files beside it show how far it is.
    private static long SizeOf(string path) => path != InputSource.StandardInput && File.Exists(path) ? Math.Max(1, new FileInfo(path).Length) : 1;

    private void Replay(string path)
    {
        foreach (InputText text in InputSource.Open(path, cancellation))
        {
            Progress(text.Name, (double)doneBytes / allBytes);
            if (text.Kind == InputKind.Trace)
            {
                ReplayTrace(text);
            }
            else
            {
                ReplayReport report = GoldenReplayer.Run(GoldenReader.Read(text.Content, text.Name, cancellation), mmu, cancellation);
                Scenarios.Add(report);
                Note(report.WrongCount == 0 ? ExitCode.Success : ExitCode.Found);
            }
        }
    }

    // A recorded fault stream cannot come out alike to the last fault: the trace has neither truncates nor the places of blocks. What differs
    // is reported by reason; it is a mismatch only if a fault that the kernel served is not served at all.
    private void ReplayTrace(InputText text)
    {
        if (mmu == MmuKind.Host)
        {
            throw new FormatException($"{text.Name} is trace text: it has faults, not the loads and stores that raised them. Replay it without --mmu host.");
        }

        var plan = TracePlan.Read(text.Content, text.Name, cancellation);
        foreach (int threads in threadCounts.Select(wanted => TraceReplayer.ThreadCountOf(plan, wanted == 0 ? null : wanted)).Distinct())
        {
            cancellation.ThrowIfCancellationRequested();
            TraceReplayReport report = TraceReplayer.Run(plan, threads, cancellation: cancellation);
            if (report.FaultCount == 0)
            {
                return; // stopped before the first
            }

            Note(report.Emulator.PteServed < report.Kernel.PteServed ? ExitCode.Found : ExitCode.Success);
            Traces.Add((text.Name, report));
            TraceDone(text.Name, report);
        }
    }

    private void Note(ExitCode code) => Worst = (ExitCode)Math.Max((int)Worst, (int)code);

    private void Guard(Action action)
    {
        try
        {
            if (!cancellation.IsCancellationRequested)
            {
                action();
            }
        }
        catch (FormatException e)
        {
            problem(e.Message);
            Note(ExitCode.Usage);
        }
        catch (DaxEnvironmentException e)
        {
            problem(e.Message);
            Note(ExitCode.Inconclusive);
        }
        catch (OperationCanceledException)
        {
            // Reported at the end, with what there is.
        }

        Note(cancellation.IsCancellationRequested ? ExitCode.TimeLimit : ExitCode.Success);
    }
}
