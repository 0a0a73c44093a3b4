using DaxEmu.Bench.Benchmark.Policies;
using DaxEmu.Core;
using NUnit.Framework;
using Spectre.Console;

namespace DaxEmu.Tests.Benchmark;

/// <summary>The measurement of the answers of 2019: what it counts, not how fast it is.</summary>
[NonParallelizable]
public sealed class PolicyTests
{
    private static readonly PolicyPlan Plan = new()
    {
        JobCounts = [3],
        RangeCount = 1,
        HugePercent = 40,
        EmptyPercent = 5,
        Emptying = EmptyingKind.Write,
        Hold = TimeSpan.FromMicroseconds(20),
        HugeHold = TimeSpan.FromMicroseconds(50),
        RoundCount = 2,
        Turn = TimeSpan.FromMilliseconds(60),
        Seed = 1,
    };

    [Test]
    public void EveryLivePolicyHasItsTurns()
    {
        IReadOnlyList<PolicyResult> results = new PolicyRunner(Plan, (_, _) => { }, CancellationToken.None).Run();
        Assert.That(results.Select(r => r.Policy), Is.EqualTo(new[] { "mask-all", "any-order", "return-locked", "conflict", "fixed" }));
        Assert.Multiple(() =>
        {
            foreach (PolicyResult result in results)
            {
                Assert.That(result.Turns, Has.Count.EqualTo(Plan.RoundCount));
                Assert.That(result.FaultCount, Is.GreaterThan(0));
                Assert.That(result.HugeServed + result.HugeFellBack, Is.GreaterThan(0));
            }

            // By the policies' own rules: only two of them wait for a smaller entry.
            Assert.That(Of(results, "conflict").Waits.WaitsForSmaller, Is.Zero);
            Assert.That(Of(results, "fixed").Waits.WaitsForSmaller, Is.Zero);
            Assert.That(Of(results, "return-locked").Waits.WaitsForSmaller, Is.Zero);
        });
    }

    /// <summary>A truncate waits for the faults inside before it takes anything out: who waits for an entry finds it there afterwards.</summary>
    [Test]
    public void UnderATruncateNoWaitForASmallerEntryIsUseful()
    {
        IReadOnlyList<PolicyResult> results = new PolicyRunner(Plan with { Emptying = EmptyingKind.Truncate }, (_, _) => { }, CancellationToken.None).Run();
        Assert.That(results.Select(r => r.Waits.WaitsForSmaller - r.Waits.NeedlessWaits), Is.All.Zero);
    }

    [Test]
    public void TheHangIsNotAmongThem() => Assert.That(PolicyPlan.Policies.Select(p => p.Value), Has.None.EqualTo(WaitProfiles.V4_20));

    [Test]
    public void TheTableNamesEveryPolicyAndTheJsonHasItsCounts()
    {
        IReadOnlyList<PolicyResult> results = new PolicyRunner(Plan with { RoundCount = 1 }, (_, _) => { }, CancellationToken.None).Run();
        var report = new PolicyReport(results);
        using var text = new StringWriter();
        report.Write(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text) }), isMarkdown: true);
        Assert.That(text.ToString().Split('\n').Where(l => results.Any(r => l.Contains($"| {r.Policy} ", StringComparison.Ordinal))).ToArray(), Has.Length.EqualTo(results.Count));
        Assert.That(report.ToJson().Select(r => (long)r!["waits"]!), Is.EqualTo(results.Select(r => r.Waits.Waits)));
        Assert.That(report.ToJson().Single(r => (string?)r!["policy"] == "conflict")!["relative_to_conflict"]!.GetValue<double>(), Is.EqualTo(1));
    }

    private static PolicyResult Of(IReadOnlyList<PolicyResult> results, string policy) => results.Single(r => r.Policy == policy);
}
