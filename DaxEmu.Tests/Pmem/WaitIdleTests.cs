using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

public sealed class WaitIdleTests
{
    private static readonly PfnRange One = new(new Pfn(3), 1);

    [Test]
    public void AWaitForAPinEndsWhenItsTimeIsOver()
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        owners.Pin(One);
        Assert.That(owners.WaitIdle(One.First, TimeSpan.FromMilliseconds(30), CancellationToken.None), Is.False);
        Assert.That(owners.WaitIdle(One.First, TimeSpan.Zero, CancellationToken.None), Is.False);
        owners.Unpin(One);
        Assert.That(owners.WaitIdle(One.First, TimeSpan.Zero, CancellationToken.None), Is.True);
    }

    [Test]
    public void AWaitForAPinCanBeCancelledAndLeavesThePinAsItWas()
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        owners.Pin(One);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(30));
        Assert.That(
            () => owners.WaitIdle(One.First, Timeout.InfiniteTimeSpan, cancellation.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(owners.FirstBusy(One), Is.EqualTo(One.First));
        owners.Unpin(One);
        Assert.That(owners.FirstBusy(One), Is.Null);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void TheUnpinEndsAWaitThatHasATimeOrCanBeCancelled(bool canBeCancelled)
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        using var cancellation = new CancellationTokenSource();
        owners.Pin(One);
        Task<bool> wait = Task.Run(() => owners.WaitIdle(
            One.First, TimeSpan.FromMinutes(5), canBeCancelled ? cancellation.Token : CancellationToken.None));
        Assert.That(wait.Wait(TimeSpan.FromMilliseconds(100)), Is.False);
        owners.Unpin(One);
        Assert.That(wait.Wait(TimeSpan.FromSeconds(30)), "it was not woken");
        Assert.That(wait.Result, Is.True);
    }

    [Test]
    public void AWaitIsAFallibleStepThatChangesNothingWhenItFails()
    {
        using var owners = new PageOwners(new PfnRange(new Pfn(0), 512));
        owners.Pin(One);
        Fallible.Plan = new FailWaits();
        try
        {
            Assert.That(() => owners.WaitIdle(One.First), Throws.TypeOf<DaxEnvironmentException>());
        }
        finally
        {
            Fallible.Plan = null;
        }

        owners.Unpin(One);
        owners.VerifyUnused();
    }

    private sealed class FailWaits : IFailurePlan
    {
        public bool Fails(FallibleStep step) => step == FallibleStep.Wait;
    }
}
