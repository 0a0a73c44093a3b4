using DaxEmu.Bench.Verification.Soak;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>Only a thread that has work and does not do it is stuck.</summary>
public sealed class WatchdogTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly Watched[] threads = [new(), new()];

    [Test]
    public void AThreadThatStaysAtItsStepIsStuck()
    {
        var watchdog = new Watchdog(threads, Tick * 4);
        threads[0].IsWorking = threads[1].IsWorking = true;
        bool isStuck = Look(watchdog, 102, () => threads[0].StepCount++);
        Assert.That(isStuck);
        Assert.That(watchdog.Stuck, Is.EqualTo(new[] { 1 }));
        Assert.That(watchdog.StillFor(1), Is.GreaterThanOrEqualTo(Limit));
    }

    [Test]
    public void AThreadThatStandsAtTheGateIsNot()
    {
        var watchdog = new Watchdog(threads, Tick * 4);
        threads[0].IsWorking = threads[1].IsWorking = false;
        Assert.That(Look(watchdog, 200, () => { }), Is.False);
    }

    [Test]
    public void AnHourInWhichTheProcessWasStoppedDoesNotCount()
    {
        var watchdog = new Watchdog(threads, Tick * 4);
        threads[0].IsWorking = threads[1].IsWorking = true;
        watchdog.Look(Tick, Limit);
        Assert.That(watchdog.Look(TimeSpan.FromHours(1), Limit), Is.False);
    }

    private static bool Look(Watchdog watchdog, int times, Action between)
    {
        bool isStuck = false;
        for (int i = 0; i < times; i++)
        {
            between();
            isStuck = watchdog.Look(Tick, Limit);
        }

        return isStuck;
    }

    private sealed class Watched : IWatched
    {
        public bool IsWorking { get; set; }

        public long StepCount { get; set; }
    }
}
