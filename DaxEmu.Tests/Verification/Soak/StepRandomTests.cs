using DaxEmu.Bench.Verification.Soak;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>A thread's steps are fixed by the seed.</summary>
public sealed class StepRandomTests
{
    [Test]
    public void OneSeedGivesOneSequence() => Assert.That(Sequence(seed: 5, job: 2), Is.EqualTo(Sequence(seed: 5, job: 2)));

    [Test]
    public void OtherSeedsAndOtherThreadsGiveOthers()
    {
        Assert.That(Sequence(seed: 6, job: 2), Is.Not.EqualTo(Sequence(seed: 5, job: 2)));
        Assert.That(Sequence(seed: 5, job: 3), Is.Not.EqualTo(Sequence(seed: 5, job: 2)));
    }

    [Test]
    public void EveryOperationIsChosen() =>
        Assert.That(Sequence(seed: 1, job: 0).Distinct().Count(), Is.EqualTo(Enum.GetValues<SoakOperation>().Length));

    [Test]
    public void ASoakDoesEveryOperation()
    {
        // One thread finds every page free, so each step is an operation.
        using var fixture = new SoakFixture(SoakPlans.Small());
        var job = new SoakJob(fixture, seed: 1, number: 0);
        var done = new HashSet<SoakOperation>();
        for (int i = 0; i < 20_000 && done.Count < Enum.GetValues<SoakOperation>().Length; i++)
        {
            job.Step();
            Assert.That(job.Finding, Is.Null);
            done.Add(job.Log.Last.Operation);
        }

        Assert.That(done, Is.EquivalentTo(Enum.GetValues<SoakOperation>()));
        Assert.That(new DaxEmu.Bench.Verification.Soak.Checks.StateChecks(fixture).Run(isLast: true), Is.Empty);
    }

    private static List<SoakOperation> Sequence(int seed, int job)
    {
        var all = new List<SoakOperation>();
        for (long step = 0; step < 20_000; step++)
        {
            var random = new StepRandom(seed, job, step);
            all.Add(OperationMix.Choose(ref random));
        }

        return all;
    }
}
