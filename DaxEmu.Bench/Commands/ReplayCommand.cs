using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Core.Dax.Faults;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu replay FILE…</c>: carries out recordings and compares.</summary>
internal static class ReplayCommand
{
    private const int PrintedMismatches = 20;

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "recorded scenarios (JSON Lines) or the kernel's trace text; plain, gzipped or in a zip, whatever it is called; a pipe or - for standard input; a folder stands for the recordings in it",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<IReadOnlyList<int>> threads = CommandOptions.List(
            "--numjobs", $"threads for trace text: at most {ReplayLimits.Threads}, and never more than recorded; a list is allowed, 0 is as many as recorded", ParseThreads, [1, 0], CommandOptions.JobNames);
        Option<MmuKind> mmu = CommandOptions.Mmu();
        Option<OutputFormat> format = CommandOptions.Format();
        var command = new Command(
            "replay",
            "Replays recordings of a kernel and compares.\n"
            + "Scenarios op by op: results, bytes, fault events, writeback, entry table, page tables.\n"
            + "With --mmu host the scenarios' accesses are real loads and stores, and after each op the process's real mappings are held against the page tables.\n"
            + "Trace text (the events of group fs_dax) fault by fault: served, fallen back, and why.\n"
            + "An input that is damaged or missing is reported in a line; the others are replayed all the same, and the exit code is the highest of all.\n\n"
            + "Examples:\n  daxemu replay DaxEmu.Tests/Golden/Data/*.zip\n  daxemu replay --mmu host DaxEmu.Tests/Golden/Data/*.zip\n  daxemu replay fsdax.trace.gz --numjobs 1,2,8\n  zcat fsdax.trace.gz | daxemu replay -")
        {
            files,
            threads,
            mmu,
            format,
            OutputOption.Option,
        };
        ProgressOptions.AddTo(command);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, OutputOption.Around((parsed, cancellation) => Run(
            parsed, parsed.GetRequiredValue(files), parsed.GetRequiredValue(threads), parsed.GetValue(mmu), parsed.GetValue(format) == OutputFormat.Json, cancellation)));
        return command;
    }

    private static int ParseThreads(string text) => CommandOptions.Count(text, 0, ReplayLimits.Threads);

    private static ExitCode Run(ParseResult parsed, string[] paths, IReadOnlyList<int> threads, MmuKind mmu, bool isJson, CancellationToken cancellation)
    {
        ReplaySession session;
        using (var progress = new ProgressLine(parsed))
        {
            session = new ReplaySession(threads, mmu, message => progress.Above(() => CommandFrame.Report(message)), cancellation)
            {
                TraceDone = (name, report) =>
                {
                    if (!isJson)
                    {
                        progress.Above(() => Console.WriteLine(TraceText(name, report)));
                    }
                },
                Progress = progress.Show,
            };
            session.AddAll(paths);
        }

        if (isJson)
        {
            Console.WriteLine(JsonText.Of(ToJson(session, mmu)));
        }
        else if (session.Scenarios.ScenarioCount > 0)
        {
            Print(session.Scenarios, mmu);
        }

        if (session.Worst == ExitCode.TimeLimit)
        {
            CommandFrame.Report("stopped; the report has what was replayed until then.");
        }

        return session.Worst;
    }

    private static void Print(ReplayTotals totals, MmuKind mmu)
    {
        foreach (ReplayMismatch mismatch in totals.Mismatches.OrderBy(m => m.IsAdopted).Take(PrintedMismatches))
        {
            Console.WriteLine(mismatch);
        }

        Console.WriteLine($"{totals.ScenarioCount} scenarios, {totals.OpCount} ops: {totals.WrongCount} differ from the kernel.");
        Console.WriteLine($"Of {totals.FileSystemOpCount} ops of the file system's own, {totals.AdoptedCount} took the recorded state over ({100.0 * totals.AdoptedCount / Math.Max(1, totals.FileSystemOpCount):0.00} %).");
        if (mmu == MmuKind.Host)
        {
            Console.WriteLine($"{totals.RealAccessCount} loads and stores, {HostFaults.Counts.Signals} faults raised by the processor.");
            Console.WriteLine($"{totals.NotShown.Values.Sum()} ops were not carried out by real accesses ({100.0 * totals.NotShown.Values.Sum() / Math.Max(1, totals.OpCount):0.00} %){(totals.NotShown.Count > 0 ? ":" : ".")}");
            foreach ((string reason, long count) in totals.NotShown)
            {
                Console.WriteLine($"  {count}: {reason}");
            }
        }
    }

    private static string TraceText(string name, TraceReplayReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Printable.Of(Path.GetFileName(name))}: {report.FaultCount} faults, {report.FileCount} files, {report.AreaCount} VMAs, {report.ThreadCount} of {report.RecordedThreadCount} threads, {report.Elapsed.TotalSeconds:0.00} s\n");
        text.Append("            2 MiB served  2 MiB fell back  4 KiB served  other\n");
        foreach ((string side, TraceCounts counts) in ((string, TraceCounts)[])[("kernel", report.Kernel), ("emulator", report.Emulator)])
        {
            text.Append(CultureInfo.InvariantCulture, $"  {side,-10}{counts.PmdServed,12}{counts.PmdFellBack,17}{counts.PteServed,14}{counts.Other,7}\n");
        }

        text.Append("  fell back: ").AppendJoin(", ", report.FallbacksByReason.Select(r => $"{r.Key} {r.Value}")).Append('\n');
        foreach (TraceDifference difference in report.Differences)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {difference.Count} differ: {difference.Reason}\n");
        }

        return text.ToString();
    }

    // One document, whatever the inputs were.
    private static JsonNode ToJson(ReplaySession session, MmuKind mmu)
    {
        var traces = new JsonArray([.. session.Traces.Select(t => (JsonNode)TraceJson(t.Name, t.Report))]);
        if (session.Scenarios.ScenarioCount == 0 && session.Traces.Count > 0)
        {
            return traces;
        }

        JsonObject document = ToJson(session.Scenarios);
        if (mmu == MmuKind.Host)
        {
            document["accesses"] = session.Scenarios.RealAccessCount;
            document["host_faults"] = HostFaults.Counts.Signals;
            document["not_shown"] = new JsonObject(session.Scenarios.NotShown.Select(r => KeyValuePair.Create(r.Key, (JsonNode?)r.Value)));
        }

        if (session.Traces.Count > 0)
        {
            document["traces"] = traces;
        }

        return document;
    }

    private static JsonObject TraceJson(string name, TraceReplayReport report) => new()
    {
        ["file"] = name,
        ["faults"] = report.FaultCount,
        ["threads"] = report.ThreadCount,
        ["seconds"] = Math.Round(report.Elapsed.TotalSeconds, 3),
        ["kernel"] = CountsJson(report.Kernel),
        ["emulator"] = CountsJson(report.Emulator),
        ["fallback"] = new JsonObject(report.FallbacksByReason.Select(r => KeyValuePair.Create(r.Key.ToString(), (JsonNode?)r.Value))),
        ["agree"] = report.AgreeingCount,
        ["differences"] = new JsonObject(report.Differences.Select(d => KeyValuePair.Create(d.Reason, (JsonNode?)d.Count))),
    };

    private static JsonObject CountsJson(TraceCounts counts) => new()
    {
        ["pmd_served"] = counts.PmdServed,
        ["pmd_fallback"] = counts.PmdFellBack,
        ["pte_served"] = counts.PteServed,
        ["other"] = counts.Other,
    };

    private static JsonObject ToJson(ReplayTotals totals) => new()
    {
        ["scenarios"] = totals.ScenarioCount,
        ["ops"] = totals.OpCount,
        ["differ"] = totals.WrongCount,
        ["file_system_ops"] = totals.FileSystemOpCount,
        ["adopted"] = totals.AdoptedCount,
        ["mismatches"] = new JsonArray([.. totals.Mismatches.Select(m => (JsonNode)new JsonObject
        {
            ["scenario"] = m.Scenario,
            ["number"] = m.Number,
            ["op"] = m.Op,
            ["adopted"] = m.IsAdopted,
            ["lines"] = new JsonArray([.. m.Lines.Select(l => (JsonNode)l)]),
        })]),
    };
}
