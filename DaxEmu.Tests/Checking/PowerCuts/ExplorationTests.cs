using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking.PowerCuts;

/// <summary>The exploration sees what the rules allow, no more and no less, and leaves out only what recovery cannot tell apart.</summary>
public sealed class ExplorationTests
{
    private const int ProgramCount = 40;

    [Test]
    public void RandomProgramsLeaveWhatANaiveReadingOfTheRulesAllows()
    {
        for (int seed = 0; seed < ProgramCount; seed++)
        {
            var program = new RandomProgram(seed, 9);
            SortedSet<string> found = [];
            Explore(program, image => string.Join(' ', RandomProgram.Words().Select(w => WordOf(image, w))), (content, cut) => found.Add($"{cut.Number}: {content}"), isBruteForce: false);
            Assert.That(found, Is.EqualTo(program.Allowed().Select(a => $"{a.Cut}: {a.Content}").ToHashSet().Order(StringComparer.Ordinal)), $"seed {seed}");
        }
    }

    [Test]
    public void RecoveryMakesTheSameOfThePrunedStatesAsOfAll()
    {
        long pruned = 0;
        for (int seed = 0; seed < ProgramCount; seed++)
        {
            var program = new RandomProgram(seed, 14);
            SortedSet<string> some = [];
            SortedSet<string> all = [];
            PowerCutReport fewer = Explore(program, image => Wander(image, seed), (content, cut) => some.Add($"{cut.Number}: {content}"), isBruteForce: false);
            PowerCutReport brute = Explore(program, image => Wander(image, seed), (content, cut) => all.Add($"{cut.Number}: {content}"), isBruteForce: true);
            Assert.That(some, Is.EqualTo(all), $"seed {seed}");
            Assert.That(fewer.PossibleStates, Is.EqualTo(brute.PossibleStates));
            Assert.That(fewer.DistinctStates, Is.AtMost(brute.DistinctStates));
            pruned += brute.DistinctStates - fewer.DistinctStates;
        }

        Assert.That(pruned, Is.Positive, "nothing was pruned");
    }

    [Test]
    public void AFailureIsFoundAlikeWithAndWithoutPruningAndBySeveralWorkers()
    {
        int failures = 0;
        for (int seed = 0; seed < ProgramCount; seed++)
        {
            var program = new RandomProgram(seed, 14);
            PowerCutTest<string> test = TestOf(program, image => Wander(image, seed), (content, _) => content.Length % 4 == 0 && content.EndsWith('2') ? "bad" : null);
            PowerCutReport one = PowerCutRunner.Explore(test, new PowerCutOptions { WorkerCount = 1 });
            PowerCutReport three = PowerCutRunner.Explore(test, new PowerCutOptions { WorkerCount = 3 });
            PowerCutReport brute = PowerCutRunner.Explore(test, new PowerCutOptions { WorkerCount = 1, IsBruteForce = true });
            Assert.That(three.Failures.Select(f => f.ToString()), Is.EqualTo(one.Failures.Select(f => f.ToString())), $"seed {seed}");
            Assert.That((three.DistinctStates, three.PossibleStates, three.CutCount), Is.EqualTo((one.DistinctStates, one.PossibleStates, one.CutCount)));
            Assert.That(brute.Failures.Select(f => (f.Cut, f.Lost.Count)), Is.EqualTo(one.Failures.Select(f => (f.Cut, f.Lost.Count))), $"seed {seed}");
            foreach (PowerCutFailure failure in one.Failures)
            {
                failures++;
                Assert.That(PowerCutRunner.Replay(test, failure.Replay)?.ToString(), Is.EqualTo(failure.ToString()));
            }
        }

        Assert.That(failures, Is.GreaterThan(ProgramCount / 10));
    }

    // Reads words one after the other, which one next being decided by what was read; stores now and then.
    private static string Wander(CrashImage image, int seed)
    {
        long[] words = [.. RandomProgram.Words()];
        var content = new List<long>();
        long at = seed;
        for (int i = 0; i < 4; i++)
        {
            long word = words[at % words.Length];
            long value = WordOf(image, word);
            content.Add(value);
            if (value == 1)
            {
                image.Put(word + 1, 9);
            }

            at = (at * 7) + value + i;
        }

        return string.Join(' ', content);
    }

    private static long WordOf(CrashImage image, long word) => BitConverter.ToInt64(image.Read(word * 8, 8));

    private static PowerCutReport Explore(RandomProgram program, Func<CrashImage, string> recover, Action<string, PowerCut> seen, bool isBruteForce)
    {
        PowerCutTest<string> test = TestOf(program, recover, (content, cut) =>
        {
            seen(content, cut);
            return null;
        });
        PowerCutReport report = PowerCutRunner.Explore(test, new PowerCutOptions { WorkerCount = 1, IsBruteForce = isBruteForce });
        Assert.That(report.Failures.Select(f => f.Message), Is.Empty);
        Assert.That(report.IsComplete);
        return report;
    }

    private static PowerCutTest<string> TestOf(RandomProgram program, Func<CrashImage, string> recover, Func<string, PowerCut, string?> verify) => new()
    {
        Name = "random",
        Workload = program.Run,
        Recover = recover,
        Verify = verify,
    };
}
