using System.Diagnostics;
using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Tests.Fs.Death;
using DaxEmu.Tests.Fuzzing.Inputs;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>The test assembly as a program: runs fuzz cases by hand, or as a worker of such a run; or works on a volume until it is killed.</summary>
internal static class FuzzProgram
{
    /// <summary>Begins the command line of a worker.</summary>
    public const string WorkerVerb = "fuzz-worker";

    private const int ShownOfOneSort = 2;
    private const int LongestDetail = 1500;

    private const string Usage =
        """
        dotnet DaxEmu.Tests.dll fuzz [--cases 100000] [--first 0] [--seed 1] [--kind recording|trace|container|schedule|command]
                                     [--case N] (one case alone)  [--keep FOLDER] (for the inputs that fail)  [--show] (lists the cases instead)
        """;

    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(30);

    private static int Main(string[] arguments)
    {
        if (arguments is [WorkerVerb, .. var batch])
        {
            return FuzzWorker.Run(FuzzBatch.Of(batch));
        }

        if (arguments is [LoadChild.Verb, .. var load])
        {
            return LoadChild.Run(load);
        }

        if (arguments is not ["fuzz", .. var options] || !TryRead(options, out Dictionary<string, string> values))
        {
            Console.Error.WriteLine(Usage);
            return 2;
        }

        return Fuzz(values);
    }

    private static bool TryRead(string[] options, out Dictionary<string, string> values)
    {
        values = [];
        for (int i = 0; i < options.Length; i++)
        {
            bool isAlone = options[i] == "--show";
            if (!isAlone && i + 1 == options.Length)
            {
                return false;
            }

            values[options[i]] = isAlone ? string.Empty : options[++i];
        }

        return values.Keys.All(k => k is "--cases" or "--first" or "--seed" or "--kind" or "--case" or "--keep" or "--show");
    }

    private static int Fuzz(Dictionary<string, string> options)
    {
        FuzzKind? kind = options.TryGetValue("--kind", out string? name) ? Enum.Parse<FuzzKind>(name, ignoreCase: true) : null;
        ulong seed = ulong.Parse(options.GetValueOrDefault("--seed", "1"), CultureInfo.InvariantCulture);
        bool isOne = options.TryGetValue("--case", out string? one);
        int first = int.Parse(isOne ? one! : options.GetValueOrDefault("--first", "0"), CultureInfo.InvariantCulture);
        int count = isOne ? 1 : int.Parse(options.GetValueOrDefault("--cases", "100000"), CultureInfo.InvariantCulture);
        if (options.ContainsKey("--show"))
        {
            List(Enumerable.Range(first, count).Select(n => FuzzBatch.CaseOf(kind, seed, n)));
            return 0;
        }

        var run = new FuzzRun(kind, seed, FuzzLimits.Promised);
        long begin = Stopwatch.GetTimestamp();
        using var progress = new Timer(
            _ => Console.Error.WriteLine($"{run.DoneCount} of {count} cases, {Stopwatch.GetElapsedTime(begin).TotalSeconds:0} s"), null, ProgressEvery, ProgressEvery);
        IReadOnlyList<FuzzFailure> failures = run.Run(first, count);
        Show(failures, options.GetValueOrDefault("--keep", Path.Combine(Path.GetTempPath(), "daxemu-fuzz")));
        Show(run);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        int sorts = failures.Select(f => f.Signature).Distinct().Count();
        string rate = string.Create(CultureInfo.InvariantCulture, $"{seconds:0.0} s ({run.DoneCount / seconds:0} a second)");
        Console.WriteLine(
            $"{run.DoneCount} cases of seed {seed} in {rate}: {failures.Count} failed in {sorts} ways, {run.SlowOnceCount} were slow or killed once and not again.");
        return failures.Count == 0 ? 0 : 1;
    }

    private static void List(IEnumerable<FuzzCase> cases)
    {
        foreach (FuzzCase what in cases)
        {
            FuzzInput input = what.Make();
            string files = string.Join(' ', input.Files.Select(f => $"[{Printable.Of(f.Name)}: {f.Content.Length} bytes]"));
            Console.WriteLine($"{what}: {string.Join(' ', input.Arguments.Select(CommandInput.Quote))} {files}");
        }
    }

    private static void Show(IReadOnlyList<FuzzFailure> failures, string keep)
    {
        foreach (IGrouping<string, FuzzFailure> group in failures.GroupBy(f => f.Signature).OrderByDescending(g => g.Count()))
        {
            Console.WriteLine($"{group.Count()} x {Printable.Of(group.Key)}");
            foreach (FuzzFailure failure in group.Take(ShownOfOneSort))
            {
                Console.WriteLine($"    {Printable.Excerpt(failure.ToString(), LongestDetail)}\n    kept in {failure.Keep(keep)}");
            }
        }
    }

    private static void Show(FuzzRun run)
    {
        (int Number, CaseEnd How) slowest = run.Ends.MaxBy(e => e.How.Milliseconds);
        (int Number, CaseEnd How) largest = run.Ends.MaxBy(e => e.How.Megabytes);
        string codes = string.Join(", ", run.Ends.GroupBy(e => e.How.Code).OrderBy(g => g.Key)
            .Select(g => g.Key < 0 ? $"{g.Count()} did not end" : $"{g.Count()} ended with {g.Key}"));
        string means = string.Join(", ", run.Ends.GroupBy(e => run.CaseOf(e.Number).Kind).OrderBy(g => g.Key)
            .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} of {g.Key.ToString().ToLowerInvariant()} {g.Average(e => e.How.Milliseconds):0.0} ms")));
        Console.WriteLine($"{codes}. On average {means}.");
        Console.WriteLine(
            $"The slowest took {slowest.How.Milliseconds} ms (case {slowest.Number}), the largest {largest.How.Megabytes} MiB (case {largest.Number}).");
    }
}
