using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>Kinds of documents that are a table or two.</summary>
internal static class PlainSections
{
    private const int MostMismatches = 20;
    private const int MostReasons = 12;

    public static IEnumerable<Block> Of(IReadOnlyList<ReportFile> files) => files.SelectMany(file => file.Document switch
    {
        IReadOnlyList<HistoricBugDocument> bugs => Bugs(file.Name, bugs),
        CheckReplayDocument replay => CheckReplay(file.Name, replay),
        CrashComparisonDocument comparison => CrossCheck(file.Name, comparison),
        CrashReplayDocument replay => CrashReplay(file.Name, replay),
        CrashListDocument list => Workloads(file.Name, list),
        ReplayDocument replay => Replay(file.Name, replay),
        IReadOnlyList<TraceDocument> traces => traces.SelectMany(t => Trace(file.Name, t)),
        RunDocument run => Run(file.Name, run),
        ConflictDocument conflicts => Conflicts(file.Name, conflicts),
        RealMemoryDocument memory => RealMemory(file.Name, memory),
        VolumeDocument volume => Volume(file.Name, volume),
        IReadOnlyList<VolumeEntryDocument> entries => Entries(file.Name, entries),
        InfoDocument info => Info(file.Name, info),
        _ => throw new NotSupportedException($"{file.Kind.Name} has no section."),
    });

    private static IEnumerable<Block> Bugs(string name, IReadOnlyList<HistoricBugDocument> bugs)
    {
        yield return new Heading(2, $"Historic bugs: {name}");
        yield return new DataTable(3, ["bug", "profile", "scenario", "found", "steps", "schedules", "ms"], [.. bugs.Select(b => (IReadOnlyList<string>)
            [b.Bug, b.Profile, b.Scenario, b.Found ? "yes" : "NO", b.Steps is { } steps ? Numbers.Whole(steps) : "-", Numbers.Whole(b.Schedules), Numbers.Whole(b.Ms)])]);
    }

    private static IEnumerable<Block> CheckReplay(string name, CheckReplayDocument replay)
    {
        yield return new Heading(2, $"Schedule of {replay.Scenario}, {replay.Profile}: {name}");
        yield return new Paragraph(replay.Failure ?? "Nothing is wrong after this schedule.");
        yield return new Listing(string.Join('\n', [.. replay.Steps ?? [], .. replay.Trace]));
    }

    private static IEnumerable<Block> CrossCheck(string name, CrashComparisonDocument comparison)
    {
        yield return new Heading(2, $"Crash with and without pruning: {name}");
        yield return Facts(
            ("cases compared", Numbers.Whole(comparison.Cases)),
            ("of these fail", Numbers.Whole(comparison.Failing)),
            ("too large to compare", Numbers.Whole(comparison.TooLarge)),
            ("states run with pruning", Numbers.Whole(comparison.DistinctStates)),
            ("states run without", Numbers.Whole(comparison.DistinctStatesWithoutPruning)),
            ("verdicts that differ", Numbers.Whole(comparison.Differences.Count)));
        yield return new Bullets(comparison.Differences);
    }

    private static IEnumerable<Block> CrashReplay(string name, CrashReplayDocument replay)
    {
        yield return new Heading(2, $"Power cut {replay.Replay}: {name}");
        yield return new Paragraph(replay.Failure?.Message ?? "Right after this power cut.");
        if (replay.Failure is { } failure)
        {
            yield return CrashSection.CourseOf(failure);
        }
    }

    private static IEnumerable<Block> Workloads(string name, CrashListDocument list)
    {
        yield return new Heading(2, $"Workloads of crash: {name}");
        foreach (CrashWorkloadDocument workload in list.Workloads)
        {
            yield return new Heading(3, $"{workload.Name}: {workload.Description}");
            yield return new Bullets([.. workload.Bugs.Select(b => $"{b.Name}: {b.Description}")]);
        }
    }

    private static IEnumerable<Block> Replay(string name, ReplayDocument replay)
    {
        yield return new Heading(2, $"Replay: {name}");
        yield return Facts(
            ("scenarios", Numbers.Whole(replay.Scenarios)),
            ("ops", Numbers.Whole(replay.Ops)),
            ("ops that differ from the kernel", Numbers.Whole(replay.Differ)),
            ("ops of the file system's own", Numbers.Whole(replay.FileSystemOps)),
            ("of these took the recorded state over", Numbers.Whole(replay.Adopted)));
        if (replay.NotShown is { Count: > 0 } reasons)
        {
            yield return Counts("not carried out by real accesses, since", reasons);
        }

        foreach (ReplayMismatchDocument mismatch in replay.Mismatches.OrderBy(m => m.Adopted).Take(MostMismatches))
        {
            yield return new Heading(3, $"{mismatch.Scenario}, op {mismatch.Number}: {mismatch.Op}");
            yield return new Listing(string.Join('\n', mismatch.Lines));
        }

        foreach (Block block in (replay.Traces ?? []).SelectMany(t => Trace(name, t)))
        {
            yield return block;
        }
    }

    private static IEnumerable<Block> Trace(string name, TraceDocument trace)
    {
        yield return new Heading(2, $"Trace {trace.File}: {name}");
        yield return new DataTable(1, ["side", "2 MiB served", "2 MiB fell back", "4 KiB served", "other"],
        [
            Side("kernel", trace.Kernel),
            Side("emulator", trace.Emulator),
        ]);
        yield return new Paragraph($"{Numbers.Whole(trace.Agree)} of {Numbers.Whole(trace.Faults)} faults agree, on {trace.Threads} threads, in {Numbers.Fixed(trace.Seconds, 2)} s.");
        if (trace.Fallback.Count > 0)
        {
            yield return new Figure($"{trace.File}: 2 MiB faults that fell back, by reason", isDark => Plots.Bars(
                isDark, [.. trace.Fallback.Keys.Take(MostReasons)], ["faults"], (reason, _) => trace.Fallback.Values.ElementAt(reason), "Faults", hasLogarithms: false));
            yield return Counts("fell back", trace.Fallback);
        }

        if (trace.Differences.Count > 0)
        {
            yield return Counts("differs", trace.Differences);
        }

        static IReadOnlyList<string> Side(string side, TraceCountsDocument counts) =>
            [side, Numbers.Whole(counts.PmdServed), Numbers.Whole(counts.PmdFallback), Numbers.Whole(counts.PteServed), Numbers.Whole(counts.Other)];
    }

    private static IEnumerable<Block> Run(string name, RunDocument run)
    {
        yield return new Heading(2, $"Run: {name}");
        yield return new Paragraph(run.Programs.Count == 0 ? "No program used the volume." : $"{string.Join(", ", run.Programs.Distinct())} used the volume.{(run.Hang ? " A thread hung." : string.Empty)}");
        yield return Facts(
            ("faults of 4 KiB", Numbers.Whole(run.Faults.Pte)),
            ("faults of 2 MiB", Numbers.Whole(run.Faults.Pmd)),
            ("memory mapped by 2 MiB", Numbers.Fixed(100 * run.Faults.MappedByPmd, 1) + " %"),
            ("of the faults allocated", Numbers.Whole(run.Faults.Major)),
            ("were stores", Numbers.Whole(run.Faults.Stores)),
            ("ended in SIGBUS", Numbers.Whole(run.Faults.Bus)),
            ("waits for entries", Numbers.Whole(run.Waits.Waits)),
            ("of these asleep", Numbers.Whole(run.Waits.Sleeps)),
            ("spurious wake-ups", Numbers.Whole(run.Waits.SpuriousWakeUps)));
        if (run.Faults.Fallback.Count > 0)
        {
            yield return Counts("fell back", run.Faults.Fallback);
        }

        if (run.ClatNs.Percentile.Count > 0)
        {
            yield return new DataTable(1, ["fault latency", "ns"], [.. run.ClatNs.Percentile.Select(p => (IReadOnlyList<string>)["p" + p.Key.TrimEnd('0').TrimEnd('.'), Numbers.Whole(p.Value)])]);
        }
    }

    private static IEnumerable<Block> Conflicts(string name, ConflictDocument conflicts)
    {
        yield return new Heading(2, $"Shared cache lines: {name}");
        yield return new DataTable(1, ["engine", "pairs", "share none", "share", "excluded"], [.. conflicts.Engines.Select(e => (IReadOnlyList<string>)
            [e.Engine, Numbers.Whole(e.Pairs), Numbers.Fixed(e.FreePercent, 1) + " %", Numbers.Whole(e.Pairs - e.Free), Numbers.Whole(e.ExcludedPairs)])]);
        foreach (ConflictEngineDocument engine in conflicts.Engines.Where(e => e.Conflicts.Any(c => c.Counted)))
        {
            yield return new Heading(3, $"Pairs of {engine.Engine} that share a line");
            yield return new Bullets([.. engine.Conflicts.Where(c => c.Counted).Select(c => $"{c.One} and {c.Other} ({c.Relation}): {string.Join("; ", c.Lines.Select(l => l.Line))}")]);
        }
    }

    private static IEnumerable<Block> RealMemory(string name, RealMemoryDocument memory)
    {
        yield return new Heading(2, $"Plain stores and calls: {name}");
        yield return new DataTable(2, ["case", "beside", "ns", "beside, ns", "ratio"], [.. memory.Cases.Select(c => (IReadOnlyList<string>)
            [c.Case, c.Floor ?? string.Empty, Numbers.Time(c.Ns), c.FloorNs is { } ns ? Numbers.Time(ns) : "-", c.Ratio is { } ratio ? Numbers.Fixed(ratio, 2) + (c.Within ? string.Empty : " above") : "-"])]);
    }

    private static IEnumerable<Block> Volume(string name, VolumeDocument volume)
    {
        yield return new Heading(2, $"Volume {volume.Path}: {name}");
        yield return Facts(
            ("id", volume.Id),
            ("label", volume.Label),
            ("size", Numbers.Bytes(volume.Size)),
            ("free", Numbers.Bytes(volume.Free)),
            ("files", Numbers.Whole(volume.Files)),
            ("directories", Numbers.Whole(volume.Directories)),
            ("extents", Numbers.Whole(volume.Extents)),
            ("state", volume.Sound ? "sound" : "DAMAGED"));
        yield return new Bullets([.. volume.Problems.Select(p => $"{p.Kind}: {p.Description}"), .. volume.Repairs.Select(r => $"repaired: {r}")]);
    }

    private static IEnumerable<Block> Entries(string name, IReadOnlyList<VolumeEntryDocument> entries)
    {
        yield return new Heading(2, $"Files: {name}");
        yield return new DataTable(2, ["name", "kind", "bytes", "allocated", "links"], [.. entries.Select(e => (IReadOnlyList<string>)
            [e.Name, e.Kind, Numbers.Whole(e.Size), Numbers.Whole(e.Allocated), Numbers.Whole(e.Links)])]);
    }

    private static IEnumerable<Block> Info(string name, InfoDocument info)
    {
        yield return new Heading(2, $"Environment {info.Path}: {name}");
        yield return Facts(
            ("kind", info.Kind),
            ("file system", info.FileSystem),
            ("size", Numbers.Bytes(info.Size)),
            ("persistence domain", info.PersistenceDomain),
            ("map sync", Why(info.MapSync, info.MapSyncReason)),
            ("huge pages", Why(info.HugePages, info.HugePagesReason)),
            ("page sizes", string.Join(", ", info.PageSizes.Select(b => Numbers.Bytes(b)))),
            ("flush", info.Flush));
    }

    private static string Why(bool isThere, string? reason) => isThere ? "yes" : $"no{(reason is null ? string.Empty : $": {reason}")}";

    private static DataTable Facts(params (string Name, string Value)[] facts) => new(2, ["", "value"], [.. facts.Select(f => (IReadOnlyList<string>)[f.Name, f.Value])]);

    private static DataTable Counts(string what, IReadOnlyDictionary<string, long> counts) =>
        new(1, [what, "times"], [.. counts.Select(c => (IReadOnlyList<string>)[c.Key, Numbers.Whole(c.Value)])]);
}
