using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Tracing;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Faults;

/// <summary>What fails beside a fault leaves the fault's protocol whole: observers that throw, memory that is not there.</summary>
public sealed class FailingObserverTests
{
    [Test]
    public void AnObserverThatThrowsLosesNoWakeUp()
    {
        using var waits = new WaitTable();
        var sink = new ThrowingSink { ThrowsAt = DaxEventKind.EntryWake };
        using var fixture = new FaultFixture(new AddressSpaceOptions { Sink = sink, Waits = waits });
        VmArea area = fixture.Map(MapMode.Shared | MapMode.NoHugePage);
        _ = fixture.Pte(area, 5, isWrite: true);
        Assert.That(fixture.Mapping.Locker.LockAny(new PageIndex(5), out var held));
        Task<FaultOutcome> waiting = Task.Run(() => fixture.Pte(area, 5, isWrite: true));
        while (waits.WaiterCount == 0)
        {
            Thread.Sleep(1);
        }

        Assert.That(() => fixture.Mapping.Locker.Unlock(held.Start, held.Entry), Throws.Nothing);
        Assert.That(waiting.Wait(TimeSpan.FromSeconds(20)), "the wake-up was lost");
        Assert.That(fixture.Mapping.SinkFailure, Is.InstanceOf<IOException>());
    }

    [Test]
    public void AnObserverThatThrewGetsNoFurtherEventAndTheFaultsGoOn()
    {
        var sink = new ThrowingSink { ThrowsAt = DaxEventKind.PteFault };
        using var fixture = new FaultFixture(new AddressSpaceOptions { Sink = sink });
        VmArea area = fixture.Map();
        Assert.That(fixture.Pte(area, 1, isWrite: true).IsError, Is.False);
        Assert.That(fixture.Pte(area, 2, isWrite: true).IsError, Is.False);
        Assert.That(sink.Count, Is.EqualTo(1));
        Assert.That(fixture.Mapping.Sink, Is.SameAs(sink));
        Assert.That(fixture.Mapping.SinkFailure!.Message, Is.EqualTo("full"));
    }

    [Test]
    public void APrivateCopyThatFindsNoMemoryLeavesItsGateOpen()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map(MapMode.Private);
        Fallible.Plan = new FailAll(FallibleStep.NativeMemory);
        try
        {
            Assert.That(() => fixture.Loop.Access(area, 1, isWrite: true), Throws.InstanceOf<DaxEnvironmentException>());
        }
        finally
        {
            Fallible.Plan = null;
        }

        Task<IoError> again = Task.Run(() => fixture.Loop.Access(area, 1, isWrite: true));
        Assert.That(again.Wait(TimeSpan.FromSeconds(20)), "the gate is closed");
        Assert.That(again.Result, Is.EqualTo(IoError.None));
    }

    [Test]
    public void AHandlerRefusesTheVmaOfAnotherFile()
    {
        using var fixture = new FaultFixture();
        using var other = new FaultFixture();
        VmArea foreign = other.Map();
        _ = other.Pte(foreign, 1, isWrite: true);
        _ = fixture.Pte(fixture.Map(), 1, isWrite: true);
        Assert.That(() => fixture.Pte(foreign, 1, isWrite: true), Throws.ArgumentException.With.Message.Contains("another").Or.Message.Contains("own file"));
        Assert.That(() => new DaxView(fixture.Loop, foreign), Throws.ArgumentException);
    }

    [Test]
    public void NoBlockLeftIsSigbusAsInTheKernel()
    {
        using var fixture = new FaultFixture(sizeBytes: (FaultFixture.FilePages + 8) << DaxConstants.PageShift);
        VmArea area = fixture.Map(pageCount: FaultFixture.FilePages + 8);
        Assert.That(fixture.Pte(area, FaultFixture.FilePages + 1, isWrite: true).Result, Is.EqualTo(FaultResult.Sigbus));
    }

    private sealed class ThrowingSink : IDaxEventSink
    {
        public DaxEventKind ThrowsAt { get; init; }

        public int Count { get; private set; }

        public void Receive(in DaxEvent e)
        {
            Count++;
            if (e.Kind == ThrowsAt)
            {
                throw new IOException("full");
            }
        }
    }
}
