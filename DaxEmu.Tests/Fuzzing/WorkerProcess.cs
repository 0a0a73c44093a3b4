using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>A worker as its parent sees it: runs a batch, is watched case by case, and is killed when a case costs too much.</summary>
internal sealed class WorkerProcess
{
    private const int KilledCode = 128 + 9;
    private const int KeptErrorLines = 60;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    // Before the first case the runtime starts and reads what cases are made of; making a case is no part of it either.
    private static readonly TimeSpan TimeBetweenCases = TimeSpan.FromSeconds(60);

    private readonly FuzzLimits limits;
    private readonly Action<int, CaseEnd> onEnd;
    private readonly Queue<string> errors = new();
    private long changedAt = Stopwatch.GetTimestamp();
    private int current = -1;

    private WorkerProcess(FuzzLimits limits, Action<int, CaseEnd> onEnd)
    {
        this.limits = limits;
        this.onEnd = onEnd;
    }

    /// <summary>Runs a batch.</summary>
    /// <param name="batch">The batch, without its pipe.</param>
    /// <param name="onEnd">Gets each case's number and how it ended.</param>
    /// <returns>The number behind the last case that was begun; that behind the batch's last one if all is done.</returns>
    public static int Run(FuzzBatch batch, Action<int, CaseEnd> onEnd) => new WorkerProcess(batch.Limits, onEnd).Run(batch);

    private int Run(FuzzBatch batch)
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        string[] arguments = (batch with { Pipe = pipe.GetClientHandleAsString() }).ToArguments();
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo("dotnet", [typeof(WorkerProcess).Assembly.Location, FuzzProgram.WorkerVerb, .. arguments])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                RedirectStandardInput = true,
                Environment = { ["DOTNET_gcConcurrent"] = "0", ["DOTNET_DbgEnableMiniDump"] = "0", ["DAXEMU_DETAILS"] = null },
            },
        };
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        pipe.DisposeLocalCopyOfClientHandle();
        Complaint? killed = null;
        using (var reader = new StreamReader(pipe))
        {
            Task reading = Task.Run(() => Read(reader));
            while (!process.WaitForExit(LookEvery))
            {
                if (killed is null && WhyToKill(process.Id) is { } reason)
                {
                    killed = reason;
                    process.Kill();
                }
            }

            process.WaitForExit(); // and for the last of its standard error
            reading.Wait();
        }

        if (current < 0)
        {
            return process.ExitCode == 0
                ? batch.First + batch.Count
                : throw new InvalidOperationException($"a worker ended with {process.ExitCode} outside of a case: {LastError()}");
        }

        ComplaintKind kind = process.ExitCode == KilledCode ? ComplaintKind.Killed : ComplaintKind.Died;
        onEnd(current, CaseEnd.Of(killed ?? new Complaint(kind, $"the process ended with {process.ExitCode}: {LastError()}")));
        return current + 1;
    }

    private Complaint? WhyToKill(int process)
    {
        bool isInCase = Volatile.Read(ref current) >= 0;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(Volatile.Read(ref changedAt));
        return isInCase && ProcessMemory.Of(process) > limits.KillBytes
            ? new Complaint(ComplaintKind.Memory, $"had {limits.KillBytes >> 20} MiB and took more when it was killed")
            : elapsed <= (isInCase ? limits.Time : TimeBetweenCases) ? null
            : new Complaint(ComplaintKind.Hang, $"ran for {elapsed.TotalSeconds:0.0} s and was killed");
    }

    private void Read(StreamReader reader)
    {
        while (reader.ReadLine() is { } line)
        {
            string[] words = line.Split(' ', 7);
            int number = Number(words[1]);
            if (words[0] == "B")
            {
                Volatile.Write(ref changedAt, Stopwatch.GetTimestamp());
                Volatile.Write(ref current, number);
            }
            else
            {
                Volatile.Write(ref changedAt, Stopwatch.GetTimestamp());
                Volatile.Write(ref current, -1);
                Complaint? complaint = words[0] == "E" ? null : new Complaint(Enum.Parse<ComplaintKind>(words[5]), words[6]);
                onEnd(number, new CaseEnd(Number(words[2]), Number(words[3]), Number(words[4]), complaint));
            }
        }
    }

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private void Keep(string? line)
    {
        lock (errors)
        {
            if (line is not null && errors.Count < KeptErrorLines)
            {
                errors.Enqueue(line);
            }
        }
    }

    private string LastError()
    {
        lock (errors)
        {
            return string.Join(" | ", errors.Select(l => l.Trim()).Where(l => l.Length > 0));
        }
    }
}
