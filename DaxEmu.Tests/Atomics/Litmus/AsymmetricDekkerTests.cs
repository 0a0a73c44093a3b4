using DaxEmu.Native.Cpu;
using NUnit.Framework;

namespace DaxEmu.Tests.Atomics.Litmus;

/// <summary>
/// What entry unlock and the invalidate lock rest on, on the machine itself: a plain store and a plain load on one side, a store, a
/// process-wide barrier and a load on the other. Says nothing unless the same pair without the barrier was seen to fail.
/// </summary>
public sealed class AsymmetricDekkerTests
{
    [Test]
    public void AProcessWideBarrierOnOneSideIsEnoughOnRealCores()
    {
        if (Topology.AllowedCpuCount < 2)
        {
            Assert.Ignore("one CPU: stores of a thread cannot linger beside another thread's loads.");
        }

        using DekkerOnTwoThreads control = new(hasBarrier: false);
        control.Run(TimeSpan.FromSeconds(1), stopsAtMiss: true);
        if (control.Misses == 0)
        {
            Assert.Inconclusive($"the pair without a barrier did not fail in {control.Rounds} rounds: a clean run with it would mean nothing.");
        }

        using DekkerOnTwoThreads asymmetric = new(hasBarrier: true);
        asymmetric.Run(TimeSpan.FromSeconds(0.8), stopsAtMiss: false);
        TestContext.Out.WriteLine(
            $"without barrier: {control.Misses} misses of {control.Rounds}; with: {asymmetric.Misses} of {asymmetric.Rounds}");
        Assert.That(asymmetric.Misses, Is.Zero, $"of {asymmetric.Rounds} rounds");
    }
}
