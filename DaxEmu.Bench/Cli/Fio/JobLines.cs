namespace DaxEmu.Bench.Cli.Fio;

/// <summary>Command lines as fio has them: what stands before the first <c>--name</c> holds for all jobs, and each <c>--name</c> begins one.</summary>
internal static class JobLines
{
    /// <summary>The verb that has jobs.</summary>
    public const string Verb = "bench";

    /// <summary>The option that begins a job.</summary>
    public const string Name = "--name";

    /// <summary>Options of a whole run, which no job has for itself.</summary>
    public static IReadOnlyList<string> OfTheRun { get; } =
        ["--output", "--output-format", "--status-interval", "--eta", "--plot", "--hgrm", "--csv", "--section", "--parse-only", "--mmu", "--conflicts", "--metrics", "--trace"];

    /// <summary>A command line for each job; the line itself if there is one job or none.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> Split(IReadOnlyList<string> line)
    {
        int[] starts = [.. Enumerable.Range(0, line.Count).Where(i => JobLine.NameOf(line[i]) == Name)];
        if (starts.Length < 2 || line[0] != Verb)
        {
            return [line];
        }

        JobLine[] jobs = [.. starts.Select((start, i) => JobLine.Of(line.Take(i + 1 < starts.Length ? starts[i + 1] : line.Count).Skip(start)))];
        JobLine common = JobLine.Of(line.Take(starts[0]).Skip(1));
        common = jobs.Aggregate(common, (all, job) => all.With(job.Where(OfTheRun.Contains)));
        return [.. jobs.Select(job => (IReadOnlyList<string>)[Verb, .. common.With(job).Words])];
    }
}
