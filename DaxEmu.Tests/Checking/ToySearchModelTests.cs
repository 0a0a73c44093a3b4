using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using DaxEmu.Tests.Support;
using DaxEmu.Tests.Verification.Scenarios;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

/// <summary>What the depth-first search leaves out, it may leave out: random programs come to the same results without it.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class ToySearchModelTests
{
    private static readonly RunLimits Plenty = new(100_000, TimeSpan.FromSeconds(20));

    [Test]
    public void RememberingStatesLosesNoResultAtAnyBound([Values(2, 3)] int threadCount, [Values(0, 1, 2, 9)] int bound)
    {
        for (ulong seed = 0; seed < Effort.Third(threadCount == 2 ? 25UL : 15UL); seed++)
        {
            RandomPrograms program = new(seed, threadCount, length: threadCount == 2 ? 4 : 2);
            (HashSet<string> with, CheckOutcome outcome) = program.Search(new Exhaustive(bound), Plenty);
            (HashSet<string> without, CheckOutcome all) = program.Search(new Exhaustive(bound, remembersStates: false), Plenty);

            Assert.That(((CheckPassed)outcome).Coverage, Is.EqualTo(((CheckPassed)all).Coverage).And.Not.EqualTo(Coverage.CutOff));
            Assert.That(with, Is.EquivalentTo(without), program.ToString());
        }
    }

    [Test]
    public void LeavingOutIdlePreemptionsLosesNoResultAtAnyBound([Values(2, 3)] int threadCount, [Values(0, 1, 2, 3, 9)] int bound, [Values] bool hasWordsOfItsOwn)
    {
        for (ulong seed = 200; seed < 200 + Effort.Third(threadCount == 2 ? 25UL : 12UL); seed++)
        {
            RandomPrograms program = new(seed, threadCount, length: threadCount == 2 ? 5 : 3, hasWordsOfItsOwn);
            (HashSet<string> with, CheckOutcome outcome) = program.Search(
                new Exhaustive(bound, skipsQuietSteps: true, skipsIdlePreemptions: true), Plenty, model: MemoryModel.SequentiallyConsistent);
            (HashSet<string> without, CheckOutcome all) = program.Search(
                new Exhaustive(bound, remembersStates: false), Plenty, model: MemoryModel.SequentiallyConsistent);

            Assert.That(((CheckPassed)all).Coverage, Is.Not.EqualTo(Coverage.CutOff));
            Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
            Assert.That(with, Is.EquivalentTo(without), program.ToString());
            Assert.That(outcome.Effort.ScheduleCount, Is.LessThanOrEqualTo(all.Effort.ScheduleCount + 8), program.ToString());
        }
    }

    [Test]
    public void LeavingOutQuietStepsLosesNoResultWithStoreBuffers([Values(2, 3)] int threadCount, [Values(0, 1, 2, 9)] int bound)
    {
        for (ulong seed = 300; seed < 300 + Effort.Third(threadCount == 2 ? 15UL : 7UL); seed++)
        {
            RandomPrograms program = new(seed, threadCount, length: threadCount == 2 ? 4 : 2, hasWordsOfItsOwn: true);
            (HashSet<string> with, CheckOutcome outcome) = program.Search(new Exhaustive(bound, skipsQuietSteps: true), Plenty);
            (HashSet<string> without, CheckOutcome all) = program.Search(new Exhaustive(bound, remembersStates: false), Plenty);

            Assert.That(((CheckPassed)all).Coverage, Is.Not.EqualTo(Coverage.CutOff));
            Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
            Assert.That(with, Is.EquivalentTo(without), program.ToString());
        }
    }

    /// <summary>A random walk may drain at any moment: so it checks the rule about drains, too.</summary>
    [Test]
    public void ARandomWalkComesToNoResultThatTheSearchMissed([Values(2, 3)] int threadCount)
    {
        for (ulong seed = 100; seed < 112; seed++)
        {
            RandomPrograms program = new(seed, threadCount, length: threadCount == 2 ? 4 : 2);
            (HashSet<string> searched, CheckOutcome outcome) = program.Search(new Exhaustive(60), Plenty);
            (HashSet<string> walked, _) = program.Search(new RandomWalk(seed), new RunLimits(3_000, TimeSpan.FromSeconds(20)));

            Assert.That(((CheckPassed)outcome).Coverage, Is.EqualTo(Coverage.Everything), program.ToString());
            Assert.That(walked.Except(searched), Is.Empty, program.ToString());
        }
    }
}
