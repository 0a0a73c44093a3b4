using System.CommandLine;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Conflicts;
using DaxEmu.Core;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu bench --conflicts</c>: which cache lines operations share that could run at once.</summary>
internal static class ConflictsRun
{
    /// <summary>The engines that have such operations.</summary>
    public static IReadOnlyList<string> EngineNames { get; } = ["emu", "locked-radix"];

    /// <summary>Runs every pair and prints what it came to.</summary>
    public static ExitCode Run(IReadOnlyList<string> engines, MediaProfile? media, ParseResult parsed, CancellationToken cancellation)
    {
        AppContext.SetSwitch(InterleavingSwitch.Name, true);
        if (!InterleavingSwitch.IsOn)
        {
            throw new InvalidOperationException($"the switch {InterleavingSwitch.Name} was read before it was set.");
        }

        var reports = new List<ConflictReport>();
        using (var progress = new ProgressLine(parsed))
        using (var threads = new ConflictThreads())
        {
            foreach (string engine in engines)
            {
                IConflictEngine operations = EngineOf(engine, media);
                reports.Add(new ConflictReport(operations, new ConflictRunner(operations, threads).Run(chosen: null, progress.Show, cancellation)));
            }
        }

        Console.Write(parsed.GetValue<OutputFormat>("--output-format") != OutputFormat.Normal
            ? JsonText.Of(new JsonObject { ["engines"] = new JsonArray([.. reports.Select(report => report.Json())]) }) + "\n"
            : string.Concat(reports.Select(report => report.Text())));
        return reports.All(report => report.Engine != "emu" || (media is null ? report.IsGood : report.HasReasons)) ? ExitCode.Success : ExitCode.Found;
    }

    private static IConflictEngine EngineOf(string name, MediaProfile? media) => name switch
    {
        "emu" => new EmulatorOperations(media),
        "locked-radix" => new RadixOperations(),
        _ => throw new ArgumentException($"--engine {name} has no meaning with --conflicts. Choose {string.Join(" or ", EngineNames)}."),
    };
}
