using DaxEmu.Bench.Reporting.Statistics;
using MathNet.Numerics.Distributions;
using NUnit.Framework;

namespace DaxEmu.Tests.Reporting;

/// <summary>Two runs of one build are noise, and what was made slower is found: on rounds whose spread is known.</summary>
public sealed class RunComparisonTests
{
    private const int Pairs = 200;
    private const int Rounds = 5;
    private static readonly string[] Engines = ["emu", "locked-radix", "floor"];
    private static readonly string[] CaseNames = [.. Enumerable.Range(0, 8).Select(i => $"case {i}")];

    // Of a quiet machine, of a disturbed one, and of one that other programs share.
    [TestCase(0.01)]
    [TestCase(0.03)]
    [TestCase(0.15)]
    [TestCase(0.4)]
    public void RunsOfOneBuildAreNoiseInNineteenOfTwentyPairs(double spread)
    {
        var random = new Random(1);
        int wrong = Count(_ => IsDifferent(Compare(random, spread, repeats: 1, _ => 1)));
        Assert.That(wrong, Is.AtMost(Pairs / 20));
    }

    [TestCase(1.10, 0.01)]
    [TestCase(1.10, 0.02)]
    [TestCase(0.90, 0.02)]
    public void ATenthMoreOrLessIsFoundInNineteenOfTwentyPairs(double factor, double spread)
    {
        var random = new Random(2);
        Verdict expected = factor > 1 ? Verdict.Slower : Verdict.Faster;
        int found = Count(_ => Compare(random, spread, repeats: 1, _ => factor).Engines.Single().Verdict == expected);
        Assert.That(found, Is.AtLeast(Pairs * 19 / 20));
    }

    [Test]
    public void AMachineThatIsAThirdSlowerIsNoSlowerBuild()
    {
        var random = new Random(3);
        int wrong = Count(_ => IsDifferent(RunComparison.Of([Run(random, 0.02, _ => 1)], [Slowed(Run(random, 0.02, _ => 1), 1.33)])));
        Assert.That(wrong, Is.AtMost(Pairs / 20));
        Assert.That(RunComparison.Of([Run(random, 0.01, _ => 1)], [Slowed(Run(random, 0.01, _ => 1), 1.33)]).Drift, Is.EqualTo(1.33).Within(0.1));
    }

    [Test]
    public void OneSlowerCaseIsSuspectInOnePairAndFoundInRepeatedRuns()
    {
        var random = new Random(4);
        Func<string, double> oneSlower = name => name == CaseNames[3] ? 1.3 : 1;
        int suspect = Count(_ => VerdictOf(Compare(random, 0.01, repeats: 1, oneSlower), CaseNames[3]) == Verdict.Suspect);
        int found = Count(_ => VerdictOf(Compare(random, 0.03, repeats: 3, oneSlower), CaseNames[3]) == Verdict.Slower);
        Assert.That((suspect, found), Is.EqualTo((Pairs, Pairs)).Using<(int, int)>((a, b) => a.Item1 >= b.Item1 * 0.95 && a.Item2 >= b.Item2 * 0.95));
    }

    [TestCase(0.02)]
    [TestCase(0.15)]
    public void RepeatedRunsOfOneBuildAreNoiseToo(double spread)
    {
        var random = new Random(5);
        int wrong = Count(_ => IsDifferent(Compare(random, spread, repeats: 3, _ => 1)));
        Assert.That(wrong, Is.AtMost(Pairs / 20));
    }

    [Test]
    public void RepeatedRunsAreJudgedWithoutAnyControl()
    {
        var random = new Random(6);
        IReadOnlyList<Sample>[] before = [.. Enumerable.Range(0, 4).Select(_ => Alone(Run(random, 0.01, _ => 1)))];
        IReadOnlyList<Sample>[] after = [.. Enumerable.Range(0, 4).Select(_ => Alone(Run(random, 0.01, _ => 1.3)))];
        Assert.That(RunComparison.Of(before, after).Engines.Single().Verdict, Is.EqualTo(Verdict.Slower));
        Assert.That(RunComparison.Of([before[0]], [after[0]]).Engines.Single().Verdict, Is.EqualTo(Verdict.Unjudged), "one pair, and nothing that says what the machine did");
    }

    [Test]
    public void TheIntervalHasTheTrueRatioInNineteenOfTwentyPairs()
    {
        var random = new Random(7);
        int inside = Count(_ => Compare(random, 0.03, repeats: 1, _ => 1.2).Engines.Single() is var all && all.Low <= 1.2 && all.High >= 1.2);
        Assert.That(inside, Is.AtLeast(Pairs * 19 / 20));
    }

    [Test]
    public void WhatIsInOneRunAloneIsLeftOut()
    {
        var random = new Random(8);
        IReadOnlyList<Sample> whole = Run(random, 0.01, _ => 1);
        IReadOnlyList<Sample> part = [.. whole.Where(s => s.Case != CaseNames[0] && (s.Case != CaseNames[1] || s.Engine != "emu"))];
        var comparison = RunComparison.Of([whole], [part]);
        Assert.That(comparison.Cases.Select(c => c.Case), Is.EquivalentTo(CaseNames[2..]));
        Assert.That(RunComparison.Of([whole], [[]]).Engines, Is.Empty);
    }

    private static int Count(Func<int, bool> holds) => Enumerable.Range(0, Pairs).Count(holds);

    private static bool IsDifferent(RunComparison comparison) =>
        comparison.Engines.Concat(comparison.Cases).Any(d => d.Verdict is Verdict.Slower or Verdict.Faster);

    private static Verdict VerdictOf(RunComparison comparison, string name) => comparison.Cases.Single(c => c.Case == name).Verdict;

    private static RunComparison Compare(Random random, double spread, int repeats, Func<string, double> factor) => RunComparison.Of(
        [.. Enumerable.Range(0, repeats).Select(_ => Run(random, spread, _ => 1))],
        [.. Enumerable.Range(0, repeats).Select(_ => Run(random, spread, factor))]);

    // A run: each case finds the machine in another state, each engine has luck of its own in it, and now and then a round is disturbed.
    private static IReadOnlyList<Sample> Run(Random random, double spread, Func<string, double> factor) =>
    [
        .. from name in CaseNames
           let machine = Normal.Sample(random, 0, spread * 2)
           from engine in Engines
           let own = Normal.Sample(random, 0, spread)
           let time = 10 * (1 + Array.IndexOf(Engines, engine)) * Math.Exp(machine + own) * (engine == "emu" ? factor(name) : 1)
           select new Sample(name, engine, [.. Enumerable.Range(0, Rounds).Select(_ => time * (1 + Exponential.Sample(random, 1 / spread)) * (random.Next(20) == 0 ? 3 : 1))]),
    ];

    private static IReadOnlyList<Sample> Slowed(IReadOnlyList<Sample> run, double factor) => [.. run.Select(s => s with { Rounds = [.. s.Rounds.Select(r => r * factor)] })];

    private static IReadOnlyList<Sample> Alone(IReadOnlyList<Sample> run) => [.. run.Where(s => s.Engine == "emu")];
}
