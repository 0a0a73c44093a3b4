using System.Collections.Concurrent;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>Runs cases in worker processes, two at a time, and gathers what failed.</summary>
internal sealed class FuzzRun
{
    private const int WorkerCount = 2;
    private const string Memory = "/dev/shm";
    private const string FolderPrefix = "daxemu-fuzz-";
    private const int LargestBatch = 1500;
    private const int MoreTrials = 2;

    private readonly FuzzKind? kind;
    private readonly ulong seed;
    private readonly FuzzLimits limits;
    private readonly ConcurrentQueue<FuzzFailure> found = new();
    private readonly ConcurrentQueue<(int Number, CaseEnd How)> ends = new();

    /// <summary>Prepares a run.</summary>
    /// <param name="kind">The kind of the cases; null for all.</param>
    /// <param name="seed">Their seed.</param>
    /// <param name="limits">What a case may cost.</param>
    public FuzzRun(FuzzKind? kind, ulong seed, FuzzLimits limits)
    {
        this.kind = kind;
        this.seed = seed;
        this.limits = limits;
    }

    /// <summary>How many cases have ended.</summary>
    public int DoneCount => ends.Count;

    /// <summary>How they ended.</summary>
    public IEnumerable<(int Number, CaseEnd How)> Ends => ends;

    /// <summary>Cases that took too long or were killed once, but not again: the machine was busy.</summary>
    public int SlowOnceCount { get; private set; }

    /// <summary>The case of a number.</summary>
    public FuzzCase CaseOf(int number) => FuzzBatch.CaseOf(kind, seed, number);

    /// <summary>Runs cases.</summary>
    /// <returns>Those that failed, by number.</returns>
    public IReadOnlyList<FuzzFailure> Run(int first, int count)
    {
        RemoveAbandoned();
        string scratch = Directory.CreateDirectory(Path.Combine(Memory, $"{FolderPrefix}{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;
        try
        {
            int batch = Math.Clamp((count + (2 * WorkerCount) - 1) / (2 * WorkerCount), 1, LargestBatch);
            int next = 0;
            Task[] lanes = [.. Enumerable.Range(0, WorkerCount).Select(lane => Task.Factory.StartNew(
                () =>
                {
                    string folder = Directory.CreateDirectory(Path.Combine(scratch, $"{lane}")).FullName;
                    for (int at; (at = Interlocked.Add(ref next, batch) - batch) < count;)
                    {
                        RunAll(folder, first + at, Math.Min(batch, count - at));
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default))];
            Task.WaitAll(lanes);
            return [.. found.Where(f => !f.Complaint.DependsOnMachine || FailsAgain(scratch, f)).OrderBy(f => f.Case.Number)];
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    // A run that was killed could not remove its folder.
    private static void RemoveAbandoned()
    {
        foreach (string folder in Directory.EnumerateDirectories(Memory, FolderPrefix + "*"))
        {
            if (!Directory.Exists($"/proc/{Path.GetFileName(folder)[FolderPrefix.Length..].Split('-')[0]}"))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private void RunAll(string folder, int first, int count)
    {
        int end = first + count;
        while (first < end)
        {
            first = WorkerProcess.Run(new FuzzBatch(string.Empty, folder, kind, seed, first, end - first, limits), (number, how) =>
            {
                ends.Enqueue((number, how));
                if (how.Complaint is { } complaint)
                {
                    found.Enqueue(new FuzzFailure(CaseOf(number), complaint));
                }
            });
        }
    }

    // Alone, so that nothing of the fuzzer's own is in its way.
    private bool FailsAgain(string scratch, FuzzFailure failure)
    {
        bool fails = false;
        for (int i = 0; i < MoreTrials && !fails; i++)
        {
            WorkerProcess.Run(new FuzzBatch(string.Empty, scratch, failure.Case.Kind, seed, failure.Case.Number, 1, limits), (_, how) => fails |= how.Complaint is not null);
        }

        SlowOnceCount += fails ? 0 : 1;
        return fails;
    }
}
