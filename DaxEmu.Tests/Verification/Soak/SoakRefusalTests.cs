using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>What the environment refuses a soak is no finding of it; and a stop ends it soon.</summary>
public sealed class SoakRefusalTests
{
    [Test]
    public void MemoryThatIsRefusedIsToldAsARefusalAndNotAsAFinding()
    {
        using var fixture = new SoakFixture(SoakPlans.Small());
        var job = new SoakJob(fixture, seed: 1, number: 0);
        var gate = new QuiescenceGate();
        gate.Open();
        var thread = new Thread(() =>
        {
            Fallible.Plan = new FailAll(FallibleStep.NativeMemory);
            job.Run(gate);
        });
        thread.Start();
        bool hasEnded = thread.Join(TimeSpan.FromSeconds(20));
        gate.End();
        thread.Join();
        Assert.That(hasEnded, "it stops by itself");
        Assert.That(job.Refusal, Is.TypeOf<DaxEnvironmentException>());
        Assert.That(job.Finding, Is.Null);
    }

    [Test]
    public void ARunnerHandsTheRefusalOn()
    {
        var runner = new SoakRunner(SoakPlans.Small(seconds: 20), (_, _) => { }, CancellationToken.None)
        {
            AtEachStep = () => throw new DaxEnvironmentException("no memory left", "Free some."),
        };
        Assert.That(runner.Run, Throws.TypeOf<DaxEnvironmentException>().With.Message.Contains("no memory left"));
    }

    [Test]
    public void AStopEndsARunWithinASecondWithWhatItHas()
    {
        using var stop = new CancellationTokenSource();
        long stoppedAt = 0;
        SoakReport report = SoakPlans.Run(SoakPlans.Small(seconds: 60), fixture =>
        {
            if (stoppedAt == 0 && fixture.Volume.FreeBytes >= 0)
            {
                stoppedAt = System.Diagnostics.Stopwatch.GetTimestamp();
                stop.Cancel();
            }
        }, stop.Token);
        Assert.That(System.Diagnostics.Stopwatch.GetElapsedTime(stoppedAt), Is.LessThan(TimeSpan.FromSeconds(1.5)));
        Assert.That(report.Outcome, Is.EqualTo(SoakOutcome.Clean), string.Join('\n', report.Findings));
        Assert.That(report.Operations, Is.Positive);
    }
}
