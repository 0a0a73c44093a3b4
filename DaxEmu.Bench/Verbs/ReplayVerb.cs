using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Replay;

namespace DaxEmu.Bench.Verbs;

/// <summary><c>daxemu replay FILE…</c>: carries out recordings and compares.</summary>
internal static class ReplayVerb
{
    private const int ShownMismatches = 20;
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "recorded scenarios (JSON Lines, plain, .gz or many in a .zip); a folder stands for the files in it",
            Arity = ArgumentArity.OneOrMore,
        };
        Option<OutputFormat> format = VerbOptions.Format();
        var command = new Command(
            "replay",
            "Replays recordings of a kernel and compares op by op: results, bytes, fault events, writeback, entry table, page tables.\n\nExample:\n  daxemu replay DaxEmu.Tests/Golden/Data/*.zip")
        {
            files,
            format,
        };
        CommandFrame.SetAction(command, (parsed, cancellation) => Run(parsed.GetRequiredValue(files), parsed.GetValue(format) == OutputFormat.Json, cancellation));
        return command;
    }

    private static ExitCode Run(string[] names, bool isJson, CancellationToken cancellation)
    {
        var reports = new List<ReplayReport>();
        foreach (GoldenScenario scenario in names.SelectMany(InputFiles.Expand).SelectMany(GoldenReader.ReadFile))
        {
            cancellation.ThrowIfCancellationRequested();
            reports.Add(GoldenReplayer.Run(scenario));
        }

        int wrong = reports.Sum(r => r.WrongCount);
        IEnumerable<ReplayMismatch> mismatches = reports.SelectMany(r => r.Mismatches);
        if (isJson)
        {
            Console.WriteLine(ToJson(reports).ToJsonString(Indented));
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
