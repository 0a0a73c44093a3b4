using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Text;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>
/// A process that runs cases one after the other through the command's own entry, and says on a pipe what it begins and how that ended:
/// <c>B n</c>, then <c>E n code ms MiB</c>, or <c>F</c> with the same and what is wrong. A case that ends the process ends only this one.
/// </summary>
internal static class FuzzWorker
{
    private const long GrowthBytes = 100L << 20;

    // A parent that has gone cannot kill a worker that hangs.
    private static readonly TimeSpan SelfDestruction = TimeSpan.FromSeconds(20);

    /// <summary>Runs cases.</summary>
    public static int Run(FuzzBatch batch)
    {
        using var pipe = new AnonymousPipeClientStream(PipeDirection.Out, batch.Pipe);
        File.WriteAllText("/proc/self/oom_score_adj", "1000"); // if memory does run out, this is what has to go
        var folder = new CaseFolder(batch.Folder);
        long begunAt = Stopwatch.GetTimestamp();
        new Thread(() => EndIfStuck(ref begunAt)) { IsBackground = true, Name = "fuzz-watch" }.Start();
        (long baseline, _) = ProcessMemory.OfSelf();
        foreach (FuzzCase what in batch.Cases)
        {
            FuzzInput input = what.Make();
            string[] arguments = folder.Fill(input);
            if (ProcessMemory.OfSelf().NowBytes > baseline + GrowthBytes)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive);
            }

            Say(pipe, string.Create(CultureInfo.InvariantCulture, $"B {what.Number}"));
            Volatile.Write(ref begunAt, Stopwatch.GetTimestamp());
            CaseEnd end = RunCase(what.Kind, input, arguments, batch.Limits);
            end = end with { Complaint = end.Complaint ?? folder.LeftBehind(arguments) };
            string figures = string.Create(CultureInfo.InvariantCulture, $"{what.Number} {end.Code} {end.Milliseconds} {end.Megabytes}");
            Say(pipe, end.Complaint is { } complaint ? $"F {figures} {complaint.Kind} {complaint.Detail.ReplaceLineEndings(" ")}" : $"E {figures}");
        }

        return 0;
    }

    private static CaseEnd RunCase(FuzzKind kind, FuzzInput input, string[] arguments, FuzzLimits limits)
    {
        using var output = new LimitedWriter();
        using var error = new LimitedWriter();
        TextWriter outBefore = Console.Out;
        TextWriter errorBefore = Console.Error;
        ProcessMemory.ResetPeak();
        (long before, _) = ProcessMemory.OfSelf();
        int code;
        TimeSpan elapsed;
        TimeSpan afterStop = TimeSpan.Zero;
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            using var stop = new CancellationTokenSource();
            if (input.StopAfter is { } after)
            {
                stop.CancelAfter(after);
            }

            long begin = Stopwatch.GetTimestamp();
            code = kind == FuzzKind.Planted ? PlantedFaults.Run(arguments, stop.Token) : DaxEmu.Bench.Program.Run(arguments, stop.Token);
            elapsed = Stopwatch.GetElapsedTime(begin);
            afterStop = input.StopAfter is { } asked && asked < elapsed ? elapsed - asked : TimeSpan.Zero;
        }
#pragma warning disable CA1031 // Any exception that leaves the command is a finding.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return CaseEnd.Of(new Complaint(ComplaintKind.Exception, e.ToString()));
        }
        finally
        {
            Console.SetOut(outBefore);
            Console.SetError(errorBefore);
        }

        long grown = ProcessMemory.OfSelf().PeakBytes - before;
        Complaint? complaint = grown > limits.MemoryBytes ? new Complaint(ComplaintKind.Memory, $"took {grown >> 20} MiB more at its peak")
            : OutputRules.Check(code, output.ToString(), error.ToString(), input.AsksForJson, input.MostInputs)
            ?? (afterStop > limits.StopTime ? new Complaint(ComplaintKind.LateStop, $"ended {afterStop.TotalSeconds:0.0} s after it was asked to stop")
            : elapsed > limits.Time ? new Complaint(ComplaintKind.Hang, $"took {elapsed.TotalSeconds:0.0} s")
            : null);
        return new CaseEnd(code, (int)elapsed.TotalMilliseconds, (int)(grown >> 20), complaint);
    }

    private static void Say(Stream pipe, string line) => pipe.Write(Encoding.UTF8.GetBytes(line + "\n"));

    private static void EndIfStuck(ref long begunAt)
    {
        while (Stopwatch.GetElapsedTime(Volatile.Read(ref begunAt)) < SelfDestruction)
        {
            Thread.Sleep(500);
        }

        Process.GetCurrentProcess().Kill();
    }
}
