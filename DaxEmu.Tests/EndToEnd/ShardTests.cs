using System.Diagnostics;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Tests.Support;
using DaxEmu.Tests.Verification.Soak;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Parts of a work that is spread over processes: none is done twice, none is left out.</summary>
[NonParallelizable]
public sealed class ShardTests
{
    [Test]
    public void EachPieceIsInExactlyOneShard([Values(0, 1, 5, 20)] int pieces, [Values(1, 2, 3, 7)] int count)
    {
        int[] all = [.. Enumerable.Range(0, pieces)];
        IReadOnlyList<int>[] parts = [.. Enumerable.Range(1, count).Select(i => new Shard(i, count).Of(all))];
        Assert.That(parts.SelectMany(p => p), Is.EquivalentTo(all));
        Assert.That(parts.Select(p => p.Count).Max() - parts.Select(p => p.Count).Min(), Is.AtMost(1), "alike in size");
        Assert.That(parts, Has.All.Ordered);
    }

    [TestCase("1/1")]
    [TestCase("2/8")]
    [TestCase("8/8")]
    public void AShardReadsAsItIsWritten(string text) => Assert.That(Shard.Parse(text).ToString(), Is.EqualTo(text));

    [TestCase("0/8")]
    [TestCase("9/8")]
    [TestCase("1")]
    [TestCase("1/2/3")]
    [TestCase("-1/2")]
    [TestCase("1/0")]
    [TestCase("a/b")]
    [TestCase("1/1000001")]
    [TestCase(" 1/2")]
    public void WhatIsNoShardIsRefusedByName(string text)
    {
        CommandResult result = Command.RunHere("crash", "--shard", text);
        Assert.That((result.Code, result.ErrorLines.Length), Is.EqualTo((2, 1)));
        Assert.That(result.Error, Does.Contain($"'{text}'").And.Contain("I/N"));
    }

    [TestCase("", "1/1")]
    [TestCase("JOB_COMPLETION_INDEX=0 DAXEMU_SHARDS=4", "1/4")]
    [TestCase("JOB_COMPLETION_INDEX=3 DAXEMU_SHARDS=4", "4/4")]
    [TestCase("SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=0", "1/4")]
    [TestCase("SLURM_ARRAY_TASK_ID=4 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=1", "4/4")]
    [TestCase("SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_STEP=2", "3/3")]
    [TestCase("SLURM_ARRAY_TASK_ID=5 SLURM_ARRAY_TASK_COUNT=1 SLURM_ARRAY_TASK_MIN=5 DAXEMU_SHARDS=8", "6/8")]
    [TestCase("DAXEMU_SHARDS=8", "1/1")]
    [TestCase("JOB_COMPLETION_INDEX=3", "set DAXEMU_SHARDS")]
    [TestCase("JOB_COMPLETION_INDEX=4 DAXEMU_SHARDS=4", "shard 5")]
    [TestCase("JOB_COMPLETION_INDEX=x DAXEMU_SHARDS=4", "'x'")]
    [TestCase("SLURM_ARRAY_TASK_ID=1", "SLURM_ARRAY_TASK_COUNT is not set")]
    [TestCase("SLURM_ARRAY_TASK_ID=6 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_STEP=2", "no step of 2")]
    [TestCase("SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_COUNT=3 SLURM_ARRAY_TASK_MIN=5", "shard 5")]
    public void AClustersVariablesSayWhichShardItIs(string variables, string expected)
    {
        Dictionary<string, string> values = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);
        if (expected.Contains('/', StringComparison.Ordinal))
        {
            Assert.That(Shard.FromEnvironment(values.GetValueOrDefault).ToString(), Is.EqualTo(expected));
        }
        else
        {
            Assert.That(() => Shard.FromEnvironment(values.GetValueOrDefault), Throws.TypeOf<FormatException>().With.Message.Contain(expected).And.Message.Contain("--shard"));
        }
    }

    [Test]
    public void TheThreadsOfASoakHaveNumbersOfTheirOwnInEachShard()
    {
        SoakPlan plan = SoakPlans.Small(jobCount: 4);
        int[] numbers = [.. Enumerable.Range(1, 3).SelectMany(i => Enumerable.Range((plan with { Shard = new Shard(i, 3) }).FirstJob, 4))];
        Assert.That(numbers, Is.EqualTo(Enumerable.Range(0, 12)), "those of one soak with so many threads");
        Assert.That((plan with { Shard = new Shard(2, 3) }).Command, Does.Contain("--shard 2/3"));
    }

    [TestCase("crash --workload btree --points 1", "cases", "cuts", "states", "distinct_states")]
    [TestCase("check --strategy pct --scenario-size 2x1 --max-schedules 600", "scenarios_checked", "schedules", "atomic_steps")]
    public void FourShardsInProcessesCoverWhatOneRunCovers(string line, params string[] counted)
    {
        if (line.StartsWith("crash", StringComparison.Ordinal) && !Effort.IsThorough)
        {
            Assert.Ignore("cutting the power of so many cases takes seconds: set DAXEMU_THOROUGH=1");
        }

        string[] arguments = [.. line.Split(' '), "--output-format=json"];
        Process[] processes = [.. Enumerable.Range(0, 4).Select(i => Start(arguments, i))];
        JsonNode whole = JsonNode.Parse(Command.RunHere(arguments).Output)!;
        JsonNode[] parts = [.. processes.Select(p => Parsed(Command.End(p)))];
        Assert.That(whole["shard"], Is.Null);
        Assert.That(parts.Select(p => $"{p["shard"]!["index"]}/{p["shard"]!["count"]}"), Is.EqualTo(new[] { "1/4", "2/4", "3/4", "4/4" }));
        foreach (string name in counted)
        {
            Assert.That(parts.Sum(p => (double)p[name]!), Is.EqualTo((double)whole[name]!), name);
            Assert.That(parts.Select(p => (double)p[name]!), Has.All.Positive);
        }
    }

    [Test]
    public void TheClusterFilesSayHowManyPartsThereAre()
    {
        string folder = Path.Combine(Solution.Root, "docs", "cluster");
        string job = File.ReadAllText(Path.Combine(folder, "job.yaml"));
        Assert.That(job, Does.Contain("completionMode: Indexed").And.Match(@"completions: 8\b").And.Match($@"name: {Shard.CountVariable}\s+value: ""8"""));
        string script = File.ReadAllText(Path.Combine(folder, "array.sh"));
        Assert.That(script, Does.Contain("#SBATCH --array=0-7\n").And.Contain($"export {Shard.CountVariable}=8\n"));
        Assert.That(Command.RunInShell($"sh -n '{Path.Combine(folder, "array.sh")}'").Code, Is.Zero);
        foreach (string line in (string[])[.. job.Split('\n'), .. script.Split('\n')])
        {
            int at = line.IndexOf(" check ", StringComparison.Ordinal);
            if (line.Contains("exec ", StringComparison.Ordinal) && at > 0)
            {
                Assert.That(Bench.Program.CreateRoot().Parse(line[at..line.IndexOf('>', at)].Trim()).Errors, Is.Empty, line);
            }
        }
    }

    // The odd ones are told by a Kubernetes Job's variables, the others by the option.
    private static Process Start(string[] arguments, int index)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), .. arguments, .. index % 2 == 0 ? [$"--shard={index + 1}/4"] : Array.Empty<string>()])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["JOB_COMPLETION_INDEX"] = index.ToString(System.Globalization.CultureInfo.InvariantCulture);
        start.Environment["DAXEMU_SHARDS"] = "4";
        return Process.Start(start)!;
    }

    private static JsonNode Parsed(CommandResult result)
    {
        Assert.That(result.Code, Is.Zero, result.Error);
        return JsonNode.Parse(result.Output)!;
    }
}
