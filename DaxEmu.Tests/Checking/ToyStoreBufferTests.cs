using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

public sealed class ToyStoreBufferTests
{
    private static readonly RunLimits Plenty = new(200_000, TimeSpan.FromSeconds(30));

    private static Scenario PlainDekker => ToyScenarios.Dekker("plain", null, null);

    private static Scenario AsymmetricDekker => ToyScenarios.Dekker("asymmetric", null, w => Atomic.ProcessWideBarrier(Site.Other));

    [Test]
    public void BufferedStoresBreakPlainDekker()
    {
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(PlainDekker, Plenty));

        Assert.That(failed.Failure.Message, Is.EqualTo("neither saw the other's store"));
        Assert.That(failed.Schedule.SwitchCount, Is.EqualTo(1), "each thread runs through, and its store stays buffered");
        Assert.That(failed.Schedule.ToString(), Does.StartWith("dax1:dekker:plain:tso:a2b2"));
    }

    [Test]
    public void PlainDekkerHoldsWithoutStoreBuffers() => Assert.That(
        Everything(PlainDekker with { Model = MemoryModel.SequentiallyConsistent }), Is.EqualTo(Coverage.Everything));

    [Test]
    public void OneProcessWideBarrierIsEnoughForBothSidesOfDekker() => Assert.That(Everything(AsymmetricDekker), Is.EqualTo(Coverage.Everything));

    [Test]
    public void ALockedInstructionOnOneSideOnlyIsNotEnoughForDekker() => Assert.That(
        CheckRunner.Exhaust(ToyScenarios.Dekker("one-locked", null, w => w.Exchange(2, 1)), Plenty), Is.InstanceOf<CheckFailed>());

    [Test]
    public void ALockedInstructionOnEachSideIsEnoughForDekker() => Assert.That(
        Everything(ToyScenarios.Dekker("both-locked", w => w.Exchange(2, 1), w => w.Exchange(3, 1))), Is.EqualTo(Coverage.Everything));

    [Test]
    public void RandomStrategiesFindPlainDekkerToo()
    {
        Assert.That(CheckRunner.SampleRandom(PlainDekker, Plenty, 7), Is.InstanceOf<CheckFailed>());
        Assert.That(CheckRunner.SamplePct(PlainDekker, Plenty, 7), Is.InstanceOf<CheckFailed>());
    }

    [Test]
    public void MessagesArriveInOrder() => Assert.That(Everything(ToyScenarios.MessagePassing), Is.EqualTo(Coverage.Everything));

    [Test]
    public void StoresOfAThreadReachMemoryInOrder() => Assert.That(Everything(ToyScenarios.TwoPlusTwoWrites), Is.EqualTo(Coverage.Everything));

    [Test]
    public void AThreadReadsItsOwnBufferedStore()
    {
        Scenario scenario = ToyScenarios.Of("own-store", "plain", 2, w =>
        [
            new("writer", () =>
            {
                w[0] = 1;
                w[0] = 2;
                w[1] = 3;
                ScenarioCheck.That(w[0] == 2, $"stored 2 and read {w[0]}");
            }),
            new("other", () => _ = w[0]),
        ]);

        Assert.That(Everything(scenario), Is.EqualTo(Coverage.Everything));
    }

    /// <summary>A drain in the middle of a thread's run, between two others' looks: the search must not leave it out.</summary>
    [TestCase(false)]
    [TestCase(true)]
    public void EveryOutcomeOfAReaderBesideABufferedWriterIsReached(bool remembersStates)
    {
        HashSet<(ulong, ulong, ulong)> outcomes = [];
        Scenario scenario = ToyScenarios.Of("outcomes", "plain", 2, w =>
        [
            new("writer", () =>
            {
                w[0] = 1;
                w[0] = 2;
                w.Results[2] = w[1];
            }),
            new("reader", () =>
            {
                w[1] = 1;
                w.Results[0] = w[0];
                w.Results[1] = w[0];
            }),
        ], null, w => outcomes.Add((w.Results[0], w.Results[1], w.Results[2]))) with
        { IsOrderedBySteps = remembersStates };

        Assert.That(Everything(scenario), Is.EqualTo(Coverage.Everything));
        Assert.That(outcomes, Is.EquivalentTo(
            from first in new ulong[] { 0, 1, 2 }
            from second in new ulong[] { 0, 1, 2 }
            from seen in new ulong[] { 0, 1 }
            where first <= second
            select (first, second, seen)));
    }

    private static Coverage Everything(Scenario scenario) => ToyCheckerTests.Passed(CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 30)).Coverage;
}
