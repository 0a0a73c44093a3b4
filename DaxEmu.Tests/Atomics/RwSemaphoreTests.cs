using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Atomics;

/// <summary>The lock of an inode under the deterministic scheduler: nobody is inside beside a writer, and nobody waits for ever.</summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class RwSemaphoreTests
{
    private static readonly RunLimits Plenty = new(long.MaxValue, TimeSpan.FromSeconds(60));

    private static readonly string[] Mixes = ["ww", "wr", "wwr", "wrr", "www", "wrw"];

    [TestCaseSource(nameof(Mixes))]
    public void ReadersAndWritersExcludeEachOtherAndAllComeIn(string mix)
    {
        CheckOutcome outcome = CheckRunner.Exhaust(Of(mix, twice: mix.Length == 2), Plenty);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    [Test]
    public void TheSameScenarioFindsALockThatLetsTwoWritersIn() =>
        Assert.That(CheckRunner.Exhaust(Of("ww", twice: false, locks: false), Plenty), Is.InstanceOf<CheckFailed>());

    private static Scenario Of(string mix, bool twice, bool locks = true) =>
        new("rwsem-" + mix, "fixed", "Readers and writers of one lock.", () => new Run(mix, twice ? 2 : 1, locks))
        {
            Model = MemoryModel.SequentiallyConsistent,
        };

    private sealed class Run : IScenarioRun
    {
        private readonly RwSemaphore semaphore = new();
        private readonly PinnedLines inside = new(1);

        public Run(string mix, int rounds, bool locks) => Threads = [.. mix.Select((kind, i) => new ScenarioThread($"{kind}{i}", () =>
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
        }))];

        public IReadOnlyList<ScenarioThread> Threads { get; }

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
