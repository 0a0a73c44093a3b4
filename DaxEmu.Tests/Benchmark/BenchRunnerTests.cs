using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>What a run gives when it is stopped before its end.</summary>
public sealed class BenchRunnerTests
{
    [Test]
    public void AStoppedRunGivesTheCasesThatItFinished()
    {
        var first = new FaultCase(PageOrder.Pte, IsWrite: true, IsRandom: false, 1, FaultPhase.Refault, IsSeparate: false, 4 << 20);
        FaultCase second = first with { IsRandom = true };
        using var stop = new CancellationTokenSource();
        var plan = new BenchPlan
        {
            Engines = ["locked-radix"],
            Cases = [first, second],
            SizeBytes = 4 << 20,
            Runtime = TimeSpan.FromMilliseconds(1),
            RampTime = TimeSpan.FromMilliseconds(1),
            Seed = 1,
            Policy = WaitProfiles.Fixed,
        };
        using var setup = new EngineSetup(plan);
        void StopAtTheSecond(string what, double done)
        {
            if (done >= 0.5)
            {
                stop.Cancel();
            }
        }

        IReadOnlyList<CaseResult> results = new BenchRunner(plan, setup, StopAtTheSecond, stop.Token).Run();
        Assert.That(results.Select(r => r.Load), Is.EqualTo(new[] { first }), "a case without figures is not told");
        Assert.That(results[0].NsPerFault, Is.Positive);
        Assert.That(results[0].MeasuredBytes, Is.EqualTo(first.SizeBytes));
    }
}
