using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>Runs a soak of real memory: threads at work, one that forces a collection every millisecond, a watchdog over each.</summary>
internal sealed class HostSoakRunner(SoakPlan plan, string? plantedFault, Action<string, double> progress, CancellationToken cancellation)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ToConfirm = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ToRest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ToRestAfterStop = TimeSpan.FromMilliseconds(700);

    private readonly QuiescenceGate gate = new();
    private readonly SoakSamples samples = new();
    private readonly List<SoakFinding> findings = [];
    private readonly long begin = Stopwatch.GetTimestamp();
    private HostSoakJob[] jobs = [];
    private volatile bool isOver;
    private volatile Func<int, TimeSpan>? stillFor;
    private long collections;
    private int stalls;

    /// <summary>Given what says how the soak is, at any moment and from any thread; null once it is over.</summary>
    public Action<Func<WorkFacts?>?>? State { get; init; }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(begin);

    /// <summary>Runs until the time is over, something is found, or the user stops it.</summary>
    public HostSoakReport Run()
    {
        HostCounters before = HostLibrary.Counters;
        var fixture = new HostFixture(plan, plantedFault);
        jobs = [.. Enumerable.Range(0, plan.JobCount).Select(i => new HostSoakJob(fixture, plan.Seed, i) { Stream = plan.FirstJob + i })];
        Thread[] threads = [.. jobs.Select(j => new Thread(() => j.Run(gate)) { IsBackground = true, Name = $"soak {j.Number}" })];
        var collector = new Thread(Collect) { IsBackground = true, Name = "collector" };
        Array.ForEach(threads, t => t.Start());
        collector.Start();
        gate.Open();
        State?.Invoke(StateNow);
        bool isAtRest = Watch();
        State?.Invoke(null);
        isOver = true;
        findings.AddRange(jobs.Select(j => j.Finding).OfType<SoakFinding>());
        long pages = isAtRest && findings.Count == 0 ? CheckAll(fixture) : 0;
        gate.End();
        if (isAtRest)
        {
            Array.ForEach(threads, t => t.Join());
            collector.Join();
            Close(fixture);
        }

        return new HostSoakReport
        {
            Plan = plan,
            OperationCounts = Enum.GetValues<HostOperation>().ToDictionary(o => o, o => jobs.Sum(j => j.CountOf(o))),
            Collections = Volatile.Read(ref collections),
            Faults = HostLibrary.Counters - before,
            PagesAtEnd = pages,
            Stalls = stalls,
            Elapsed = Elapsed,
            Findings = [.. findings],
            LastOperations = findings.Count == 0 ? [] : [.. jobs.Select(j => j.Current)],
            Samples = [.. samples.All],
        };
    }

    private void Collect()
    {
        while (!isOver)
        {
            GC.Collect();
            Volatile.Write(ref collections, collections + 1);
            Thread.Sleep(1);
        }
    }

    // Returns whether all threads came to rest.
    private bool Watch()
    {
        var watchdog = new Watchdog(jobs, BetweenLooks * 4);
        stillFor = watchdog.StillFor;
        long last = Stopwatch.GetTimestamp();
        while (Elapsed < plan.Duration && !cancellation.IsCancellationRequested && !Array.Exists(jobs, j => j.Finding is not null))
        {
            Thread.Sleep(BetweenLooks);
            long now = Stopwatch.GetTimestamp();
            bool isStuck = watchdog.Look(Stopwatch.GetElapsedTime(last, now), plan.Watchdog);
            last = now;
            ShowProgress();
            if (isStuck && IsHang(watchdog))
            {
                return false;
            }
        }

        gate.Close();
        TimeSpan most = cancellation.IsCancellationRequested ? ToRestAfterStop : plan.Watchdog > ToRest ? plan.Watchdog : ToRest;
        if (CameToRest(most))
        {
            return true;
        }

        if (!cancellation.IsCancellationRequested)
        {
            findings.Add(Hang(jobs.Where(j => j.IsWorking), most));
        }

        return false;
    }

    private bool CameToRest(TimeSpan most)
    {
        long start = Stopwatch.GetTimestamp();
        while (gate.WorkingCount > 0 && Stopwatch.GetElapsedTime(start) < most)
        {
            Thread.Sleep(BetweenLooks);
        }

        return gate.WorkingCount == 0;
    }

    // The others stop first: a thread that only had to wait for them goes on then.
    private bool IsHang(Watchdog watchdog)
    {
        HostSoakJob[] stuck = [.. watchdog.Stuck.Select(i => jobs[i])];
        long[] steps = [.. stuck.Select(j => j.StepCount)];
        gate.Close();
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < ToConfirm && !cancellation.IsCancellationRequested)
        {
            Thread.Sleep(BetweenLooks);
            if (!stuck.Where((j, i) => j.IsWorking && j.StepCount == steps[i]).Any())
            {
                stalls++;
                gate.Open();
                return false;
            }
        }

        if (cancellation.IsCancellationRequested)
        {
            return false;
        }

        findings.Add(Hang(jobs.Where(j => j.IsWorking), plan.Watchdog + ToConfirm));
        return true;
    }

    private static SoakFinding Hang(IEnumerable<HostSoakJob> stuck, TimeSpan time) => new(
        FindingKind.Hang,
        string.Create(CultureInfo.InvariantCulture, $"no progress for {time.TotalSeconds:0.0} s:\n")
        + string.Join("\n", stuck.Select(j => "  " + j.Current)) + "\n" + HostLibrary.WaitGraph);

    // What each page shows when no thread works: by every shared view, by read(2), and by the private one.
    private long CheckAll(HostFixture fixture)
    {
        var memory = new PlainMemory(isNative: false);
        byte[] bytes = new byte[DaxConstants.PageSize];
        long count = 0;
        foreach (HostSoakFile file in fixture.Files)
        {
            for (long page = HostSoakFile.LinePage + 1; page < file.PageCount && findings.Count == 0; page++, count++)
            {
                _ = file.File.Read(bytes, page * DaxConstants.PageSize);
                Add(file.Pages.Shown(PageSide.File, page).Judge(bytes, out string read), file, page, "read(2)", read);
                foreach (HostView view in file.Shared.Append(file.Private))
                {
                    PageSide side = view == file.Private ? PageSide.Private : PageSide.File;
                    Add(memory.Judge(view, page, file.Pages.Shown(side, page), out string seen), file, page, $"view {view.Mode}", seen);
                }
            }
        }

        return count;

        void Add(FindingKind? kind, HostSoakFile file, long page, string way, string seen)
        {
            if (kind is { } wrong)
            {
                findings.Add(new SoakFinding(wrong, $"at the end {file.NameOf(page)} shows {seen} by {way}\n{file.Evidence(page)}"));
            }
        }
    }

    private void Close(HostFixture fixture)
    {
        try
        {
            if (findings.Count == 0)
            {
                fixture.Volume.Sync();
            }

            if (fixture.Volume.Check() is [string first, ..])
            {
                findings.Add(new SoakFinding(FindingKind.State, $"the volume is damaged: {first}"));
            }

            fixture.Dispose();
        }
        catch (IOException problem) when (findings.Count > 0 || problem is DaxException { Error: IoError.Io })
        {
            // A page of the poisoned file may have been lost when the last step was cut short.
        }
    }

    private WorkFacts StateNow()
    {
        long steps = jobs.Sum(j => j.StepCount);
        HostSoakJob longest = jobs.OrderByDescending(j => stillFor?.Invoke(j.Number) ?? TimeSpan.Zero).First();
        TimeSpan still = stillFor?.Invoke(longest.Number) ?? TimeSpan.Zero;
        return new WorkFacts(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{steps} steps in {Elapsed.TotalSeconds:0.0} s; {Environment.WorkingSet >> 20} MiB resident, {GC.GetTotalMemory(false) >> 20} MiB managed; longest at a step for {still.TotalSeconds:0.000} s: {longest.Current}"),
            new JsonObject
            {
                ["profile"] = plan.Profile.Name,
                ["operations"] = steps,
                ["seconds"] = Math.Round(Elapsed.TotalSeconds, 3),
                ["collections"] = Volatile.Read(ref collections),
                ["resident_bytes"] = Environment.WorkingSet,
                ["managed_bytes"] = GC.GetTotalMemory(false),
                ["oldest_step_s"] = Math.Round(still.TotalSeconds, 6),
                ["oldest_step_job"] = longest.Number,
            });
    }

    private void ShowProgress()
    {
        long steps = jobs.Sum(j => j.StepCount);
        samples.Look(Elapsed, steps);
        progress(
            string.Create(CultureInfo.InvariantCulture, $"real memory, {plan.Profile.Name}: {steps / 1000}k steps, {Volatile.Read(ref collections)} collections"),
            Math.Min(1, Elapsed / plan.Duration));
    }
}
