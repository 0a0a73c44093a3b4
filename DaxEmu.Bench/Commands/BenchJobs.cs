using System.CommandLine;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Cli.Fio;

namespace DaxEmu.Bench.Commands;

/// <summary>Several of fio's jobs, from a command line or from job files: one after the other, in one report.</summary>
internal static class BenchJobs
{
    /// <summary>The job files.</summary>
    public static Argument<string[]> Files { get; } = new("JOBFILE") { Description = "job files of fio; - is standard input", Arity = ArgumentArity.ZeroOrMore };

    /// <summary>A command line for each job of the files, with the options of the command line, which win.</summary>
    /// <exception cref="FormatException">A file is no job file.</exception>
    /// <exception cref="ArgumentException">There is no such file or job.</exception>
    public static IReadOnlyList<ParseResult> Read(ParseResult parsed, CancellationToken cancellation)
    {
        Command command = parsed.CommandResult.Command;
        if (parsed.GetValue(JobOptions.Name) is { } name)
        {
            throw new ArgumentException($"--name {name} and a job file exclude each other: the file names its jobs. To run one of them, give --section.");
        }

        JobLine own = JobLine.Of(command.Options
            .Select(parsed.GetResult)
            .Where(result => result is { Implicit: false } && result.Option != JobOptions.Section)
            .SelectMany(result => result!.Tokens.Select(t => t.Value).Prepend(result.Option.Name)));
        var jobs = new List<(string Name, ParseResult Line)>();
        foreach (string path in parsed.GetValue(Files)!)
        {
            if (path != JobFile.StandardInput && !Path.Exists(path))
            {
                throw new ArgumentException($"there is no job file '{path}'. Give its path, or options, as in --bs 4k. (See 'daxemu bench --help'.)");
            }

            jobs.AddRange(JobFile.Read(path, command, cancellation).Select(job => (NameOf(job), Parse(command, path, job.With(own)))));
        }

        return parsed.GetValue(JobOptions.Section) is not { } section ? [.. jobs.Select(j => j.Line)]
            : jobs.Where(j => j.Name == section).ToArray() is { Length: > 0 } chosen ? [.. chosen.Select(j => j.Line)]
            : throw new ArgumentException($"--section {section}: there is no such job.{Suggestion.Question(section, jobs.Select(j => j.Name))} The jobs are {string.Join(", ", jobs.Select(j => j.Name))}.");
    }

    /// <summary>Refuses jobs that fio would run at once.</summary>
    /// <exception cref="ArgumentException">A job but the first does not wait for the one before.</exception>
    public static void CheckOrder(IReadOnlyList<ParseResult> jobs)
    {
        if (jobs.Skip(1).FirstOrDefault(job => !job.GetValue(JobOptions.Stonewall)) is { } job)
        {
            throw new ArgumentException($"fio would run job '{job.GetValue(JobOptions.Name)}' and the one before it at once, and here they run one after the other. Give it stonewall; more threads of one kind are numjobs.");
        }
    }

    /// <summary>The reports of some jobs as one.</summary>
    public static BenchReport Join(IReadOnlyList<BenchReport> reports) => reports.Count == 1 ? reports[0] : reports[0] with
    {
        Plan = reports[0].Plan with
        {
            Engines = [.. reports.SelectMany(r => r.Plan.Engines).Distinct()],
            Cases = [.. reports.SelectMany(r => r.Plan.Cases)],
        },
        Results = [.. reports.SelectMany(r => r.Results)],
        Notes = [.. reports.SelectMany(r => r.Notes).Distinct()],
    };

    private static string NameOf(JobLine job) => job.Settings.First(s => s.Name == JobLines.Name.TrimStart('-')).Value;

    private static ParseResult Parse(Command command, string path, JobLine job)
    {
        ParseResult line = command.Parse([.. job.Words]);
        return line.Errors.Count == 0 ? line : throw new FormatException($"{path}, job '{NameOf(job)}': {line.Errors[0].Message}");
    }
}
