using DaxEmu.Core.Atomics;
using DaxEmu.Core.CApi.Interpose;
using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.CApi.Interpose;

/// <summary>The gate around system calls: the volume is let go only while no call is inside.</summary>
[Parallelizable(ParallelScope.All)]
public sealed unsafe class CallGateTests
{
    private static readonly RunLimits Plenty = new(long.MaxValue, TimeSpan.FromSeconds(60));

    [TestCase("cl")]
    [TestCase("ccl")]
    [TestCase("cll")]
    public void NoCallIsInsideWhileTheVolumeIsAway(string mix)
    {
        CheckOutcome outcome = CheckRunner.Exhaust(Of(mix, closes: true), Plenty);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    [Test]
    public void TheSameScenarioFindsAGateThatIsNotClosed() =>
        Assert.That(CheckRunner.Exhaust(Of("cl", closes: false), Plenty), Is.InstanceOf<CheckFailed>());

    [Test]
    public void ACallerMayCloseItAroundItsOwnCallOnly()
    {
        var gate = new CallGate();
        gate.Enter();
        Assert.That(gate.TryClose(inside: 0, TimeSpan.Zero), Is.False);
        Assert.That(gate.TryClose(inside: 1, TimeSpan.Zero));
        gate.Open();
        gate.Leave();
        Assert.That(gate.TryClose(inside: 0, TimeSpan.Zero));
    }

    private static Scenario Of(string mix, bool closes) =>
        new("call-gate-" + mix, closes ? "fixed" : "open", "Calls, and a volume that is let go.", () => new Run(mix, closes))
        {
            Model = MemoryModel.SequentiallyConsistent,
        };

    private sealed class Run : IScenarioRun
    {
        private readonly CallGate gate = new();
        private readonly PinnedLines away = new(1);

        public Run(string mix, bool closes) =>
            Threads = [.. mix.Select((kind, i) => new ScenarioThread($"{kind}{i}", kind == 'c' ? Call : () => LetGo(closes)))];

        public IReadOnlyList<ScenarioThread> Threads { get; }

        public void Check()
        {
        }

        public void Dispose()
        {
        }

        private void Call()
        {
            gate.Enter();
            ScenarioCheck.That(Atomic.Load(ref *away[0], Site.Other) == 0, "a call is inside while the volume is away");
            gate.Leave();
        }

        private void LetGo(bool closes)
        {
            if (!closes || gate.TryClose(inside: 0, TimeSpan.Zero))
            {
                Atomic.Store(ref *away[0], 1, Site.Other);
                Atomic.Store(ref *away[0], 0, Site.Other);
                if (closes)
                {
                    gate.Open();
                }
            }
        }
    }
}
