using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Atomics;

/// <summary>The lock of an inode under the deterministic scheduler: nobody is inside beside a writer, and nobody waits for ever.</summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class RwSemaphoreTests
{
    private static readonly RunLimits Plenty = new(long.MaxValue, TimeSpan.FromSeconds(60));

    private static readonly string[] Mixes = ["ww", "wr", "wwr", "wrr", "www", "wrw"];

    [TestCaseSource(nameof(Mixes))]
    public void ReadersAndWritersExcludeEachOtherAndAllComeIn(string mix) => AssertPasses(Of(mix, twice: mix.Length == 2));

    // Open when the threads begin; with store buffers, too, in which a reader's store can stay behind its look.
    [TestCase("wr", true)]
    [TestCase("wrr", false)]
    [TestCase("wwr", false)]
    [TestCase("wr", false, MemoryModel.TotalStoreOrder)]
    [TestCase("wrr", false, MemoryModel.TotalStoreOrder)]
    public void SoTheyDoWhereReadersHaveAFastWay(string mix, bool twice, MemoryModel model = MemoryModel.SequentiallyConsistent) =>
        AssertPasses(Of(mix, twice, isMostlyRead: true) with { Model = model });

    [Test]
    public void AReaderInTheFastWayHasNoLockedInstruction()
    {
        var semaphore = new RwSemaphore(isMostlyRead: true);
        Assert.That(CountingInterleaver.LockedStepsOf(() => semaphore.Read().Dispose()), Is.EqualTo(2), "the first one opens the fast way");
        Assert.That(CountingInterleaver.LockedStepsOf(() => semaphore.Read().Dispose()), Is.Zero);
        semaphore.Write().Dispose();
        Assert.That(CountingInterleaver.LockedStepsOf(() => semaphore.Read().Dispose()), Is.EqualTo(2), "a writer closes it");
        Assert.That(semaphore.IsFree);
    }

    private static void AssertPasses(Scenario scenario)
    {
        CheckOutcome outcome = CheckRunner.Exhaust(scenario, Plenty);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    [Test]
    public void TheSameScenarioFindsALockThatLetsTwoWritersIn() =>
        Assert.That(CheckRunner.Exhaust(Of("ww", twice: false, locks: false), Plenty), Is.InstanceOf<CheckFailed>());

    private static Scenario Of(string mix, bool twice, bool locks = true, bool isMostlyRead = false) =>
        new("rwsem-" + mix, "fixed", "Readers and writers of one lock.", () => new Run(mix, twice ? 2 : 1, locks, isMostlyRead))
        {
            Model = MemoryModel.SequentiallyConsistent,
        };

    private sealed class Run : IScenarioRun
    {
        private readonly RwSemaphore semaphore;
        private readonly PinnedLines inside = new(1);

        public Run(string mix, int rounds, bool locks, bool isMostlyRead)
        {
            semaphore = new RwSemaphore(isMostlyRead: isMostlyRead);
            if (isMostlyRead)
            {
                semaphore.Read().Dispose(); // opens the fast way
            }

            Threads = [.. mix.Select((kind, i) => new ScenarioThread($"{kind}{i}", () => Do(kind, rounds, locks), RwSemaphore.Forget))];
        }

        public IReadOnlyList<ScenarioThread> Threads { get; }

        private void Do(char kind, int rounds, bool locks)
        {
            for (int round = 0; round < rounds; round++)
            {
                if (kind == 'w')
                {
                    Write(locks);
                }
                else
                {
                    Read();
                }
            }
        }

        public void Check() => ScenarioCheck.That(semaphore.IsFree, "the lock is still taken");

        public void Dispose()
        {
        }

        private void Write(bool locks)
        {
            if (!locks)
            {
                Change();
                return;
            }

            using RwSemaphore.WriteHold hold = semaphore.Write();
            Change();
        }

        // Two steps in which nobody else may be inside: a writer leaves the word odd between them.
        private void Change()
        {
            ulong before = Atomic.Add(ref *inside[0], 1, Site.Other);
            ScenarioCheck.That((before & 1) == 1, "two are inside beside a writer");
            Atomic.Add(ref *inside[0], 1, Site.Other);
        }

        private void Read()
        {
            using RwSemaphore.ReadHold hold = semaphore.Read();
            ScenarioCheck.That((Atomic.Load(ref *inside[0], Site.Other) & 1) == 0, "a reader is inside beside a writer");
        }
    }
}
