using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Soak.Checks;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>Runs a soak: threads at work, a check of everything at quiescent points, a watchdog over each thread.</summary>
internal sealed class SoakRunner(SoakPlan plan, Action<string, double> progress, CancellationToken cancellation)
{
    // Looking at everything may take a tenth of the time.
    private const int MostWorkPerCheck = 10;
    private const int ShownLogs = 64;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostForRescue = TimeSpan.FromSeconds(3);
    // A signal leaves 1.3 s in all: threads that do not come to rest within this are left alone, and a look that takes longer is left out.
    private static readonly TimeSpan MostAfterStop = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan LongestLookAfterStop = TimeSpan.FromMilliseconds(400);
    private static readonly TimeSpan LeastToConfirm = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostToConfirm = TimeSpan.FromSeconds(2);

    private readonly QuiescenceGate gate = new();
    private readonly SoakSamples samples = new();
    private readonly List<SoakFinding> findings = [];
    private readonly long begin = Stopwatch.GetTimestamp();
    private readonly Lock atState = new();
    private bool isOver;
    private SoakJob[] jobs = [];
    private int quiescentPoints;
    private int stalls;
    private int unrested;
    private long stopBegin;

    /// <summary>Called at each look, with the fixture: for tests, which plant there what must be found.</summary>
    public Action<SoakFixture>? AtEachLook { get; init; }

    /// <summary>Called by each thread before each step: for tests, which make something fail there.</summary>
    public Action? AtEachStep { get; init; }

    /// <summary>Given what says how the soak is, at any moment and from any thread; null once it is over.</summary>
    public Action<Func<WorkFacts?>?>? State { get; init; }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(begin);

    private bool IsOver => Elapsed >= plan.Duration || cancellation.IsCancellationRequested;

    /// <summary>Runs until the time is over, something is found, or the user stops it.</summary>
    public SoakReport Run()
    {
        SoakFixture fixture;
        try
        {
            fixture = new SoakFixture(plan, cancellation);
        }
        catch (OperationCanceledException)
        {
            return new SoakReport { Plan = plan }; // before anything has begun
        }

        jobs = [.. Enumerable.Range(0, plan.JobCount).Select(i => new SoakJob(fixture, plan.Seed, i) { AtEachStep = AtEachStep, Stream = plan.FirstJob + i })];
        Thread[] threads = [.. jobs.Select(j => new Thread(() => j.Run(gate)) { IsBackground = true, Name = $"soak {j.Number}" })];
        Array.ForEach(threads, t => t.Start());
        State?.Invoke(() => StateOf(fixture));
        var checks = new StateChecks(fixture);
        TimeSpan checkTime = TimeSpan.Zero;
        bool isLast;
        do
        {
            TimeSpan work = Max(plan.QuietInterval, checkTime * MostWorkPerCheck);
            // A poisoned dirty page makes every sync fail: only in every other interval, so that the syncs of the others must succeed.
            fixture.AllowsPoison = quiescentPoints % 2 == 1;
            if (!Work(fixture, work))
            {
                break;
            }

            if (jobs.Select(j => j.Refusal).FirstOrDefault(r => r is not null) is { } refusal && !Array.Exists(jobs, j => j.Finding is not null))
            {
                gate.End();
                ExceptionDispatchInfo.Throw(refusal);
            }

            if (cancellation.IsCancellationRequested && checkTime > LongestLookAfterStop)
            {
                break;
            }

            long checkBegin = Stopwatch.GetTimestamp();
            findings.AddRange(jobs.Select(j => j.Finding).OfType<SoakFinding>());
            isLast = IsOver || findings.Count > 0;
            findings.AddRange(checks.Run(isLast));
            quiescentPoints++;
            checkTime = Stopwatch.GetElapsedTime(checkBegin);
        }
        while (findings.Count == 0 && !isLast);

        SoakReport report = Report(fixture, checks);
        gate.End();

        State?.Invoke(null);
        lock (atState)
        {
            isOver = true;
        }

        // Of threads that hang for ever nothing may be taken away before the process ends.
        if (Array.TrueForAll(threads, t => t.Join(gate.WorkingCount == 0 ? Timeout.Infinite : 0)))
        {
            fixture.Dispose();
        }

        return report;
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;

    // Lets the jobs work for a while. Returns false if they could not be quiesced.
    private bool Work(SoakFixture fixture, TimeSpan time)
    {
        var watchdog = new Watchdog(jobs, BetweenLooks * 4);
        long start = Stopwatch.GetTimestamp();
        long last = start;
        gate.Open();
        while (true)
        {
            Thread.Sleep(BetweenLooks);
            AtEachLook?.Invoke(fixture);
            if (Stopwatch.GetElapsedTime(start) >= time || IsOver || Array.Exists(jobs, j => j.Finding is not null || j.Refusal is not null))
            {
                gate.Close();
            }

            if (!gate.IsOpen && gate.WorkingCount == 0)
            {
                return true;
            }

            long now = Stopwatch.GetTimestamp();
            if (cancellation.IsCancellationRequested)
            {
                stopBegin = stopBegin == 0 ? now : stopBegin;
                if (Stopwatch.GetElapsedTime(stopBegin, now) > MostAfterStop)
                {
                    unrested = gate.WorkingCount;
                    return false;
                }

                continue; // too little time is left to distinguish a hang from a slow machine
            }

            bool isStuck = watchdog.Look(Stopwatch.GetElapsedTime(last, now), plan.Watchdog);
            last = now;
            ShowProgress();
            if (isStuck && IsHang(fixture, watchdog))
            {
                return false;
            }
        }
    }

    // The others stop first: a thread that only had to wait for them goes on then, and the snapshot is stable.
    private bool IsHang(SoakFixture fixture, Watchdog watchdog)
    {
        SoakJob[] stuck = [.. watchdog.Stuck.Select(i => jobs[i])];
        long[] steps = [.. stuck.Select(j => j.StepCount)];
        gate.Close();
        long start = Stopwatch.GetTimestamp();
        TimeSpan limit = Max(LeastToConfirm, TimeSpan.FromTicks(Math.Min(plan.Watchdog.Ticks / 4, MostToConfirm.Ticks)));
        while (Stopwatch.GetElapsedTime(start) < limit)
        {
            Thread.Sleep(BetweenLooks);
            if (cancellation.IsCancellationRequested)
            {
                return false;
            }

            if (!stuck.Where((j, i) => j.IsWorking && j.StepCount == steps[i]).Any())
            {
                stalls++;
                return false;
            }
        }

        SoakJob[] hung = [.. jobs.Where(j => j.IsWorking)];
        string snapshot = new HangSnapshot(fixture, jobs, begin).Describe(hung, j => watchdog.StillFor(j.Number) + limit);
        findings.AddRange(jobs.Select(j => j.Finding).OfType<SoakFinding>());
        findings.Add(new SoakFinding(FindingKind.Hang, $"{snapshot}\n{Rescue(fixture)}"));
        return true;
    }

    // Shows whether only a wake-up was missing: woken by hand, all go on. They also give back what they hold.
    private string Rescue(SoakFixture fixture)
    {
        var keys = new List<WaitKey>();
        long start = Stopwatch.GetTimestamp();
        while (gate.WorkingCount > 0 && Stopwatch.GetElapsedTime(start) < MostForRescue && !cancellation.IsCancellationRequested)
        {
            keys.Clear();
            fixture.Waits.ForEachWaiter((in WaitNode node) => keys.Add(new WaitKey(node.Mapping, new PageIndex(node.KeyStart))));
            keys.ForEach(key => fixture.Waits.Wake(key, WakeMode.All));
            Thread.Sleep(BetweenLooks);
        }

        return gate.WorkingCount == 0
            ? "Woken by hand, every thread went on: nothing but a wake-up was missing."
            : $"Woken by hand, {gate.WorkingCount} threads still do not go on: more than a wake-up is missing.";
    }

    private void ShowProgress()
    {
        samples.Look(Elapsed, Operations());
        SoakSample last = samples.Last;
        progress(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{plan.Profile.Name}: {last.OperationsPerSecond / 1000:0}k op/s, {last.ResidentBytes >> 20} MiB ({last.ManagedBytes >> 20} managed)"),
            Math.Min(1, Elapsed / plan.Duration));
    }

    // Looks alone: no thread of the soak waits for it, but for the lock of a queue while its waiters are counted.
    private WorkFacts? StateOf(SoakFixture fixture)
    {
        lock (atState)
        {
            if (isOver)
            {
                return null; // the queues are gone
            }

            int waiters = 0;
            (long Since, int Thread, long Page) oldest = (long.MaxValue, 0, 0);
            fixture.Waits.ForEachWaiter((in WaitNode node) =>
            {
                waiters++;
                oldest = node.SinceTimestamp < oldest.Since ? (node.SinceTimestamp, node.ManagedThreadId, node.EntryStart) : oldest;
            });
            return StateOf(waiters, oldest);
        }
    }

    private WorkFacts StateOf(int waiters, (long Since, int Thread, long Page) oldest)
    {
        long operations = Operations();
        double seconds = Elapsed.TotalSeconds;
        double? waited = waiters == 0 ? null : Stopwatch.GetElapsedTime(oldest.Since).TotalSeconds;
        SoakJob? job = waiters == 0 ? null : jobs.FirstOrDefault(j => j.ManagedThreadId == oldest.Thread);
        string waiting = waited is { } time
            ? string.Create(CultureInfo.InvariantCulture, $"{waiters} {(waiters == 1 ? "waiter" : "waiters")}, the oldest {(job is null ? $"thread {oldest.Thread}" : $"job {job.Number}")} for {time:0.000} s, for the entry at page {oldest.Page}")
            : "no thread waits for an entry";
        return new WorkFacts(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{operations} operations in {seconds:0.0} s, {quiescentPoints} quiescent points; {Environment.WorkingSet >> 20} MiB resident, {GC.GetTotalMemory(false) >> 20} MiB managed; {waiting}"),
            new JsonObject
            {
                ["profile"] = plan.Profile.Name,
                ["operations"] = operations,
                ["seconds"] = Math.Round(seconds, 3),
                ["quiescent_points"] = quiescentPoints,
                ["resident_bytes"] = Environment.WorkingSet,
                ["managed_bytes"] = GC.GetTotalMemory(false),
                ["waiters"] = waiters,
                ["oldest_waiter_s"] = waited is { } age ? Math.Round(age, 6) : null,
                ["oldest_waiter_job"] = job?.Number,
                ["oldest_waiter_page"] = waiters == 0 ? null : oldest.Page,
            });
    }

    private long Operations() => jobs.Sum(j => j.OperationCount);

    private SoakReport Report(SoakFixture fixture, StateChecks checks) => new()
    {
        Plan = plan,
        Operations = Operations(),
        OperationCounts = Enum.GetValues<SoakOperation>().ToDictionary(o => o, o => jobs.Sum(j => j.CountOf(o))),
        Checks = checks.Counts with { PromisesKept = jobs.Sum(j => j.PromisesKept) },
        QuiescentPoints = quiescentPoints,
        Stalls = stalls,
        UnrestedCount = unrested,
        Elapsed = Elapsed,
        Findings = [.. findings],
        LastOperations = findings.Count == 0 ? [] : [.. jobs.Take(ShownLogs).Select(LastOperations)],
        Samples = [.. samples.All],
        DeviceName = fixture.Device.ToString(),
    };

    private string LastOperations(SoakJob job) =>
        $"job {job.Number}: {string.Join("; ", job.Log.Snapshot().Select(r => r.Describe(begin)))}";
}
