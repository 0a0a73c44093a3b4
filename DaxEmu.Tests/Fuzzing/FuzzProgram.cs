using System.Diagnostics;
using System.Globalization;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>The test assembly as a program: runs fuzz cases by hand, or as a worker of such a run.</summary>
internal static class FuzzProgram
{
    /// <summary>Begins the command line of a worker.</summary>
    public const string WorkerVerb = "fuzz-worker";

    private const string Usage =
        "dotnet DaxEmu.Tests.dll fuzz [--cases 100000] [--first 0] [--seed 1] [--kind recording|trace|container|schedule|command] [--case N] [--keep FOLDER] [--show]";

    private static int Main(string[] arguments)
    {
        if (arguments is [WorkerVerb, .. var batch])
        {
            return FuzzWorker.Run(FuzzBatch.Of(batch));
        }

        if (arguments is not ["fuzz", .. var options])
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        var values = new Dictionary<string, string>();
        for (int i = 0; i < options.Length; i++)
        {
            values[options[i]] = options[i] == "--show" ? string.Empty : i + 1 < options.Length ? options[++i] : throw new ArgumentException($"'{options[i]}' needs a value. {Usage}");
        }

        return Fuzz(values);
    }

    private static int Fuzz(Dictionary<string, string> options)
    {
        FuzzKind? kind = options.TryGetValue("--kind", out string? name) ? Enum.Parse<FuzzKind>(name, ignoreCase: true) : null;
        ulong seed = ulong.Parse(options.GetValueOrDefault("--seed", "1"), CultureInfo.InvariantCulture);
        string keep = options.GetValueOrDefault("--keep", Path.Combine(Path.GetTempPath(), "daxemu-fuzz"));
        bool isOne = options.TryGetValue("--case", out string? one);
        int first = int.Parse(isOne ? one! : options.GetValueOrDefault("--first", "0"), CultureInfo.InvariantCulture);
        int count = isOne ? 1 : int.Parse(options.GetValueOrDefault("--cases", "100000"), CultureInfo.InvariantCulture);
        if (options.ContainsKey("--show"))
        {
            foreach (int number in Enumerable.Range(first, count))
            {
                FuzzCase what = FuzzBatch.CaseOf(kind, seed, number);
                FuzzInput input = what.Make();
                Console.WriteLine($"{what}: {string.Join(' ', input.Arguments.Select(Inputs.CommandInput.Quote))} {string.Join(' ', input.Files.Select(f => $"[{Printable.Of(f.Name)} {f.Content.Length}]"))}");
            }

            return 0;
        }

        var run = new FuzzRun(kind, seed, FuzzLimits.Promised);
        long begin = Stopwatch.GetTimestamp();
        using var progress = new Timer(_ => Console.Error.WriteLine($"{run.DoneCount} of {count} cases, {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s"), null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
        IReadOnlyList<FuzzFailure> failures = run.Run(first, count);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        foreach (IGrouping<string, FuzzFailure> group in failures.GroupBy(f => f.Signature).OrderByDescending(g => g.Count()))
        {
            Console.WriteLine($"{group.Count()} x {Printable.Of(group.Key)}");
            foreach (FuzzFailure failure in group.Take(2))
            {
                Console.WriteLine($"    {Printable.Excerpt(failure.ToString(), 1500)}\n    kept in {failure.Keep(keep)}");
            }
        }

        Show(run, failures, seed, seconds);
        return failures.Count == 0 ? 0 : 1;
    }

    private static void Show(FuzzRun run, IReadOnlyList<FuzzFailure> failures, ulong seed, double seconds)
    {
        (int Number, CaseEnd How) slowest = run.Ends.MaxBy(e => e.How.Milliseconds);
        (int Number, CaseEnd How) largest = run.Ends.MaxBy(e => e.How.Megabytes);
        string codes = string.Join(", ", run.Ends.GroupBy(e => e.How.Code).OrderBy(g => g.Key).Select(g => g.Key < 0 ? $"{g.Count()} did not end" : $"{g.Count()} ended with {g.Key}"));
        Console.WriteLine($"{codes}. The slowest took {slowest.How.Milliseconds} ms (case {slowest.Number}), the largest {largest.How.Megabytes} MiB (case {largest.Number}).");
        string means = string.Join(", ", run.Ends.GroupBy(e => run.CaseOf(e.Number).Kind).OrderBy(g => g.Key).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} of {g.Key.ToString().ToLowerInvariant()} {g.Average(e => e.How.Milliseconds):0.0} ms")));
        Console.WriteLine($"On average {means}.");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{run.DoneCount} cases of seed {seed} in {seconds:0.0} s ({run.DoneCount / seconds:0} a second): {failures.Count} failed in {failures.Select(f => f.Signature).Distinct().Count()} ways, {run.SlowOnceCount} were slow once and not again."));
    }
}
