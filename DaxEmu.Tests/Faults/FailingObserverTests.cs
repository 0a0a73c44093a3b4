using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Faults;

/// <summary>What fails beside a fault leaves the fault's protocol whole: observers that throw, memory that is not there.</summary>
public sealed class FailingObserverTests
{
    [Test]
    public void AnObserverThatThrowsLosesNoWakeUp()
    {
        using var waits = new WaitTable();
        var sink = new ThrowingSink { ThrowsAt = DaxEventKind.EntryWake };
        using var world = new FaultWorld(new AddressSpaceOptions { Sink = sink, Waits = waits });
        VmArea area = world.Map(VmAreaKind.Shared | VmAreaKind.NoHugePage);
        _ = world.Pte(area, 5, isWrite: true);
        Assert.That(world.Mapping.Locker.TakeAny(new PageIndex(5), out var held));
        Task<FaultOutcome> waiting = Task.Run(() => world.Pte(area, 5, isWrite: true));
        while (waits.SleeperCount == 0)
        {
            Thread.Sleep(1);
        }

        Assert.That(() => world.Mapping.Locker.Unlock(held.Start, held.Entry), Throws.Nothing);
        Assert.That(waiting.Wait(TimeSpan.FromSeconds(20)), "the wake-up was lost");
        Assert.That(world.Mapping.SinkFailure, Is.InstanceOf<IOException>());
    }

    [Test]
    public void AnObserverThatThrewGetsNoFurtherEventAndTheFaultsGoOn()
    {
        var sink = new ThrowingSink { ThrowsAt = DaxEventKind.PteFault };
        using var world = new FaultWorld(new AddressSpaceOptions { Sink = sink });
        VmArea area = world.Map();
        Assert.That(world.Pte(area, 1, isWrite: true).IsError, Is.False);
        Assert.That(world.Pte(area, 2, isWrite: true).IsError, Is.False);
        Assert.That(sink.Count, Is.EqualTo(1));
        Assert.That(world.Mapping.Sink, Is.SameAs(sink));
        Assert.That(world.Mapping.SinkFailure!.Message, Is.EqualTo("full"));
    }

    [Test]
    public void APrivateCopyThatFindsNoMemoryLeavesItsGateOpen()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map(VmAreaKind.Private);
        Fallible.Plan = new FailAll(FallibleStep.NativeMemory);
        try
        {
            Assert.That(() => world.Loop.Touch(area, 1, isWrite: true), Throws.InstanceOf<DaxEnvironmentException>());
        }
        finally
        {
            Fallible.Plan = null;
        }

        Task<TouchResult> again = Task.Run(() => world.Loop.Touch(area, 1, isWrite: true));
        Assert.That(again.Wait(TimeSpan.FromSeconds(20)), "the gate is closed");
        Assert.That(again.Result, Is.EqualTo(TouchResult.Mapped));
    }

    [Test]
    public void AHandlerRefusesTheVmaOfAnotherFile()
    {
        using var world = new FaultWorld();
        using var other = new FaultWorld();
        VmArea foreign = other.Map();
        _ = other.Pte(foreign, 1, isWrite: true);
        _ = world.Pte(world.Map(), 1, isWrite: true);
        Assert.That(() => world.Pte(foreign, 1, isWrite: true), Throws.ArgumentException.With.Message.Contains("another").Or.Message.Contains("own file"));
        Assert.That(() => new MappedView(world.Loop, foreign), Throws.ArgumentException);
    }

    [Test]
    public void NoBlockLeftIsSigbusAsInTheKernel()
    {
        using var world = new FaultWorld(sizeBytes: (FaultWorld.FilePages + 8) << DaxConstants.PageShift);
        VmArea area = world.Map(pageCount: FaultWorld.FilePages + 8);
        Assert.That(world.Pte(area, FaultWorld.FilePages + 1, isWrite: true).Result, Is.EqualTo(FaultResult.Sigbus));
    }

    private sealed class FailAll(FallibleStep step) : IFailurePlan
    {
        public bool Fails(FallibleStep asked) => asked == step;
    }

    private sealed class ThrowingSink : DaxEventSink
    {
        public DaxEventKind ThrowsAt { get; init; }

        public int Count { get; private set; }

        protected override void Receive(in DaxEvent e)
        {
            Count++;
            if (e.Kind == ThrowsAt)
            {
                throw new IOException("full");
            }
        }
    }
}
