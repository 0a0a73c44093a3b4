using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Pmem.Media;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem.Media;

/// <summary>What a dial charges, by arithmetic: the clock moves only when it is waited for.</summary>
public sealed class MediaDialTests
{
    private static readonly MediaProfile Latencies = new() { Name = "latencies", ReadNs = 300, SequentialReadNs = 170, WriteNs = 90, FlushNs = 60, FenceNs = 30, LineBytes = 256 };

    [Test]
    public void AReadThatContinuesTheLastOneWaitsForTheSequentialLatency()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(Latencies, clock);
        dial.Read(4096, 64); // somewhere
        dial.Read(4160, 64); // behind it, in the same line of the medium
        dial.Read(4224, 4096); // behind that
        dial.Read(8320, 64); // behind that, in the same line
        dial.Read(64, 64); // elsewhere
        Assert.That(clock.Waits, Is.EqualTo([300, 170, 170, 170, 300]));
    }

    [Test]
    public void TheMediumReadsWholeLines()
    {
        using var dial = new MediaDial(Latencies, new StandingClock());
        dial.Read(100, 8);
        Assert.That(dial.Totals.ReadBytes, Is.EqualTo(256));
        dial.Read(250, 8); // the end of that line, and the next one
        Assert.That(dial.Totals.ReadBytes, Is.EqualTo(512));
        dial.Read(1024, 256);
        Assert.That(dial.Totals.ReadBytes, Is.EqualTo(768));
    }

    [Test]
    public void WritesFlushesAndFencesHaveALatencyEach()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(Latencies, clock);
        dial.Write(0, 4096);
        dial.Flush(4096, 4096);
        dial.Fence();
        dial.Write(0, 0);
        Assert.That(clock.Waits, Is.EqualTo([90, 60, 30]));
        Assert.That(dial.Totals, Is.EqualTo(new MediaTotals { Writes = 1, Flushes = 1, Fences = 1, WrittenBytes = 8192, Delays = 3, TargetNs = 180, ReachedNs = 180 }));
    }

    [Test]
    public void NeighbouringWritesMakeALineTogetherEvenAcrossFences()
    {
        using var dial = new MediaDial(Latencies, new StandingClock());
        for (int i = 0; i < 8; i++)
        {
            dial.Write(1024 + (i * 64), 64);
            dial.Fence();
        }

        Assert.That((dial.Totals.WrittenBytes, dial.Totals.Rewrites, dial.Totals.ReadBytes), Is.EqualTo((512L, 0L, 0L)));
    }

    [Test]
    public void ALineThatIsLeftIncompleteIsReadAndWrittenAsAWhole()
    {
        using var dial = new MediaDial(Latencies, new StandingClock());
        for (int i = 0; i < 9; i++)
        {
            dial.Write(i * 4096, 64); // each leaves the line of the one before
        }

        Assert.That((dial.Totals.WrittenBytes, dial.Totals.Rewrites, dial.Totals.ReadBytes), Is.EqualTo((8 * 256L, 8L, 8 * 256L)));
    }

    [Test]
    public void AWriteAcrossLinesRewritesItsEndsAlone()
    {
        using var dial = new MediaDial(Latencies, new StandingClock());
        dial.Write(128, 1024); // half a line, three lines, half a line
        Assert.That((dial.Totals.WrittenBytes, dial.Totals.Rewrites), Is.EqualTo((256L + (3 * 256), 1L)));
        dial.Write(1152, 128); // the rest of the last one
        Assert.That((dial.Totals.WrittenBytes, dial.Totals.Rewrites), Is.EqualTo((5 * 256L, 1L)));
    }

    [Test]
    public void AnOverwriteOfTheOpenLineCostsNothingMore()
    {
        using var dial = new MediaDial(Latencies, new StandingClock());
        dial.Write(0, 128);
        dial.Write(64, 128);
        dial.Write(0, 64);
        Assert.That(dial.Totals.WrittenBytes, Is.Zero, "the line is open still");
        dial.Write(192, 64);
        Assert.That((dial.Totals.WrittenBytes, dial.Totals.Rewrites), Is.EqualTo((256L, 0L)));
    }

    [Test]
    public void AFlushTakesWholeCacheLines()
    {
        using var dial = new MediaDial(Latencies with { LineBytes = 64 }, new StandingClock());
        dial.Flush(100, 1);
        dial.Flush(60, 8);
        Assert.That(dial.Totals.WrittenBytes, Is.Zero, "without a limit and without larger lines no bytes are counted");
        using var limited = new MediaDial(Latencies with { LineBytes = 64, WriteBytesPerSecond = 1_000_000_000 }, new StandingClock());
        limited.Flush(100, 1);
        limited.Flush(60, 8);
        Assert.That(limited.Totals.WrittenBytes, Is.EqualTo(3 * 64));
    }

    [Test]
    public void WithEadrAFlushCostsNothing()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(Latencies with { HasEadr = true, WriteBytesPerSecond = 1_000_000 }, clock);
        dial.Flush(0, 1 << 20);
        Assert.That(clock.Waits, Is.Empty);
        Assert.That(dial.Totals, Is.EqualTo(default(MediaTotals)));
    }

    [TestCase(64)]
    [TestCase(256)]
    [TestCase(4096)]
    [TestCase(1 << 20)]
    public void BytesPassAtTheBandwidthWhateverTheSizeOfAWrite(int size)
    {
        const long total = 16 << 20;
        var clock = new StandingClock();
        using var dial = new MediaDial(new MediaProfile { Name = "slow", WriteBytesPerSecond = 2_000_000_000, LineBytes = 64 }, clock);
        long begin = clock.Time;
        for (long offset = 0; offset < total; offset += size)
        {
            dial.Write(offset, size);
        }

        Assert.That(clock.Time - begin, Is.EqualTo((total - BandwidthLimit.DepthBytes) / 2).Within(10), "nanoseconds at two bytes each");
    }

    [Test]
    public void ReadsAndWritesHaveABandwidthEach()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(new MediaProfile { Name = "slow", ReadBytesPerSecond = 4_000_000_000, WriteBytesPerSecond = 1_000_000_000, LineBytes = 256 }, clock);
        dial.Write(0, (1 << 20) + BandwidthLimit.DepthBytes);
        Assert.That(clock.Waits, Is.EqualTo([1 << 20]));
        dial.Read(0, (1 << 20) + BandwidthLimit.DepthBytes);
        Assert.That(clock.Waits[^1], Is.EqualTo(1 << 18));
    }

    [Test]
    public void APauseLetsNoMoreThanTheDepthPassAtOnce()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(new MediaProfile { Name = "slow", ReadBytesPerSecond = 1_000_000_000 }, clock);
        clock.Time += 10_000_000_000;
        dial.Read(0, BandwidthLimit.DepthBytes + 4096);
        Assert.That(clock.Waits, Is.EqualTo([4096]));
    }

    [Test]
    public unsafe void SmallAccessesWriteTheSharedWordOncePerStep()
    {
        var limit = new BandwidthLimit(1_000_000_000);
        long credit = 0;
        int waits = Enumerable.Range(0, 160).Count(_ => limit.Take(ref credit, 256, 1_000_000_000) > 0);
        Assert.That(waits, Is.EqualTo(160 * 256 / BandwidthLimit.StepBytes), "a take that does not look at the word gives no moment");
    }

    [Test]
    public void UnderASchedulerNothingWaitsAndNoClockIsRead()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(MediaProfile.Optane, clock);
        Atomic.Current = new DirectInterleaver(1, 0);
        try
        {
            dial.Read(0, 4096);
            dial.Write(0, 1 << 20);
            dial.Flush(0, 4096);
            dial.Fence();
        }
        finally
        {
            Atomic.Current = null;
        }

        Assert.That((clock.Readings, clock.Waits.Count), Is.EqualTo((0, 0)));
        Assert.That(dial.Totals.WrittenBytes, Is.EqualTo((1 << 20) + 4096));
    }

    [Test]
    public void EachThreadHasItsOwnPlaceInTheStream()
    {
        var clock = new StandingClock();
        using var dial = new MediaDial(Latencies, clock);
        dial.Read(0, 64);
        var other = new Thread(() => dial.Read(64, 64));
        other.Start();
        other.Join();
        dial.Read(64, 64);
        Assert.That(clock.Waits, Is.EqualTo([300, 300, 170]));
        Assert.That(dial.Totals.Reads, Is.EqualTo(3), "a thread that has ended is counted");
    }
}
