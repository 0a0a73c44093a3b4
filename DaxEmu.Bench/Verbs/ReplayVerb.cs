using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Replay;
using DaxEmu.Core.Tracing.Ftrace;

namespace DaxEmu.Bench.Verbs;

/// <summary><c>daxemu replay FILE…</c>: carries out recordings and compares.</summary>
internal static class ReplayVerb
{
    private const int ShownMismatches = 20;

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "recorded scenarios (JSON Lines, plain, .gz or many in a .zip; a folder stands for the files in it), or the kernel's trace text (plain or .gz)",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<IReadOnlyList<int>> threads = VerbOptions.List(
            "--threads", "for trace text: replay on so many threads; a list is allowed, 0 is as many as recorded", text => VerbOptions.Count(text, 0), [1, 0]);
        Option<OutputFormat> format = VerbOptions.Format();
        var command = new Command(
            "replay",
            "Replays recordings of a kernel and compares. Scenarios op by op: results, bytes, fault events, writeback, entry table, page tables.\n"
            + "Trace text (the events of group fs_dax) fault by fault: served, fallen back, and why.\n\n"
            + "Examples:\n  daxemu replay DaxEmu.Tests/Golden/Data/*.zip\n  daxemu replay fsdax.trace.gz --threads 1,2,8")
        {
            files,
            threads,
            format,
        };
        CommandFrame.SetAction(command, (parsed, cancellation) =>
        {
            ILookup<bool, string> byKind = parsed.GetRequiredValue(files).SelectMany(InputFiles.Expand).ToLookup(InputFiles.IsTraceText);
            bool isJson = parsed.GetValue(format) == OutputFormat.Json;
            ExitCode traces = byKind[true].Select(f => RunTrace(f, parsed.GetRequiredValue(threads), isJson)).DefaultIfEmpty(ExitCode.Fine).Max();
            return byKind[false].Any() ? (ExitCode)Math.Max((int)traces, (int)Run(byKind[false], isJson, cancellation)) : traces;
        });
        return command;
    }

    // A recorded fault stream cannot come out alike to the last fault: the trace tells neither truncates nor where blocks lie. What differs
    // is told by reason; it is a mismatch only if a fault that the kernel served is not served at all.
    private static ExitCode RunTrace(string path, IReadOnlyList<int> threadCounts, bool isJson)
    {
        using FtraceReader reader = FtraceReader.Open(path);
        RecordedFault[] faults = [.. new FtraceFaults(reader).ReadAll()];
        var rows = new JsonArray();
        bool isWrong = false;
        foreach (int threads in threadCounts)
        {
            TraceReplayReport report = TraceReplayer.Run(faults, threads == 0 ? null : threads);
            isWrong |= report.Emulator.PteServed < report.Kernel.PteServed;
            rows.Add(TraceJson(path, report));
            if (!isJson)
            {
                Console.WriteLine(TraceText(path, report));
            }
        }

        if (isJson)
        {
            Console.WriteLine(JsonText.Of(rows));
        }

        return isWrong ? ExitCode.Found : ExitCode.Fine;
    }

    private static string TraceText(string path, TraceReplayReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}: {report.FaultCount} faults, {report.FileCount} files, {report.AreaCount} VMAs, {report.ThreadCount} of {report.RecordedThreadCount} threads, {report.Elapsed.TotalSeconds:0.00} s\n");
        text.Append("            2 MiB served  2 MiB fell back  4 KiB served  other\n");
        foreach ((string name, TraceCounts counts) in ((string, TraceCounts)[])[("kernel", report.Kernel), ("emulator", report.Emulator)])
        {
            text.Append(CultureInfo.InvariantCulture, $"  {name,-10}{counts.PmdServed,12}{counts.PmdFellBack,17}{counts.PteServed,14}{counts.Other,7}\n");
        }

        text.Append("  fell back: ").AppendJoin(", ", report.FallbacksByReason.Select(r => $"{r.Key} {r.Value}")).Append('\n');
        foreach (TraceDifference difference in report.Differences)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {difference.Count} differ: {difference.Reason}\n");
        }

        return text.ToString();
    }

    private static JsonObject TraceJson(string path, TraceReplayReport report) => new()
    {
        ["file"] = path,
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

    private static ExitCode Run(IEnumerable<string> files, bool isJson, CancellationToken cancellation)
    {
        var reports = new List<ReplayReport>();
        foreach (GoldenScenario scenario in files.SelectMany(GoldenReader.ReadFile))
        {
            cancellation.ThrowIfCancellationRequested();
            reports.Add(GoldenReplayer.Run(scenario));
        }

        int wrong = reports.Sum(r => r.WrongCount);
        IEnumerable<ReplayMismatch> mismatches = reports.SelectMany(r => r.Mismatches);
        if (isJson)
        {
            Console.WriteLine(JsonText.Of(ToJson(reports)));
        }
        else
        {
            foreach (ReplayMismatch mismatch in mismatches.OrderBy(m => m.IsAdopted).Take(ShownMismatches))
            {
                Console.WriteLine(mismatch);
            }

            int adopted = reports.Sum(r => r.AdoptedCount);
            int own = reports.Sum(r => r.FileSystemOpCount);
            Console.WriteLine($"{reports.Count} scenarios, {reports.Sum(r => r.OpCount)} ops: {wrong} differ from the kernel.");
            Console.WriteLine($"Of {own} ops of the file system's own, {adopted} took the recorded state over ({100.0 * adopted / Math.Max(1, own):0.00} %).");
        }

        return wrong == 0 ? ExitCode.Fine : ExitCode.Found;
    }

    private static JsonObject ToJson(List<ReplayReport> reports) => new()
    {
        ["scenarios"] = reports.Count,
        ["ops"] = reports.Sum(r => r.OpCount),
        ["differ"] = reports.Sum(r => r.WrongCount),
        ["file_system_ops"] = reports.Sum(r => r.FileSystemOpCount),
        ["adopted"] = reports.Sum(r => r.AdoptedCount),
        ["mismatches"] = new JsonArray([.. reports.SelectMany(r => r.Mismatches).Select(m => (JsonNode)new JsonObject
        {
            ["scenario"] = m.Scenario,
            ["number"] = m.Number,
            ["op"] = m.Op,
            ["adopted"] = m.IsAdopted,
            ["lines"] = new JsonArray([.. m.Lines.Select(l => (JsonNode)l)]),
        })]),
    };
}
