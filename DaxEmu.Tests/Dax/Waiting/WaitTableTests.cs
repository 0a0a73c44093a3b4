using System.Diagnostics;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

public sealed class WaitTableTests
{
    [Test]
    public void ExclusiveSleepersAreWokenOneByOneInTheOrderInWhichTheyCame()
    {
        using WaitFixture fixture = new(bits: 4);
        for (int i = 0; i < 5; i++)
        {
            fixture.Sleep($"s{i}", WaitFixture.Key(5));
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.Next), Is.EqualTo(1));
            fixture.AwaitWoken(i + 1);
        }

        Assert.That(fixture.Woken, Is.EqualTo(new[] { "s0", "s1", "s2", "s3", "s4" }));
        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.Next), Is.Zero, "nobody is left");
    }

    [Test]
    public void AWakeNextWakesEverySleeperThatIsNotExclusiveAndTheFirstThatIs()
    {
        using WaitFixture fixture = new(bits: 4);
        fixture.Sleep("exclusive 1", WaitFixture.Key(5));
        fixture.Sleep("shared 1", WaitFixture.Key(5), isExclusive: false);
        fixture.Sleep("exclusive 2", WaitFixture.Key(5));
        fixture.Sleep("shared 2", WaitFixture.Key(5), isExclusive: false);

        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.Next), Is.EqualTo(3));
        fixture.AwaitWoken(3);
        Assert.That(fixture.Woken, Is.EquivalentTo(new[] { "exclusive 1", "shared 1", "shared 2" }));
        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.Next), Is.EqualTo(1));
    }

    [Test]
    public void AWakeAllWakesEverySleeperOfTheKey()
    {
        using WaitFixture fixture = new(bits: 4);
        fixture.Sleep("a", WaitFixture.Key(5));
        fixture.Sleep("b", WaitFixture.Key(5), isExclusive: false);
        fixture.Sleep("c", WaitFixture.Key(5));
        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.All), Is.EqualTo(3));
        fixture.AwaitWoken(3);
    }

    [Test]
    public void AWakeUpForNobodyWakesNobody()
    {
        using WaitFixture fixture = new(bits: 4);
        fixture.Sleep("a", WaitFixture.Key(5));
        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.None), Is.Zero);
        Assert.That(fixture.Table.WaiterCount, Is.EqualTo(1));
        fixture.Table.Wake(WaitFixture.Key(5), WakeMode.All);
    }

    [Test]
    public void SleepersOfOtherKeysInTheSameQueueArePassedOver()
    {
        using WaitFixture fixture = new(bits: 1);
        WaitKey key = WaitFixture.Key(5);
        WaitKey otherPage = SameQueue(key, page => WaitFixture.Key(page));
        WaitKey otherMapping = SameQueue(key, mapping => WaitFixture.Key(5, mapping));
        fixture.Sleep("other page", otherPage);
        fixture.Sleep("other mapping", otherMapping);
        fixture.Sleep("mine", key);
        fixture.Sleep("other page too", otherPage);

        Assert.That(fixture.Table.Wake(key, WakeMode.All), Is.EqualTo(1));
        fixture.AwaitWoken(1);
        Assert.That(fixture.Woken, Is.EqualTo(new[] { "mine" }));
        Assert.That(fixture.Table.Wake(otherMapping, WakeMode.Next), Is.EqualTo(1));
        fixture.AwaitWoken(2);
        Assert.That(fixture.Table.Wake(otherPage, WakeMode.All), Is.EqualTo(2));
    }

    [TestCase(31)]
    [TestCase(32)]
    [TestCase(33)]
    [TestCase(70)]
    public void AWakeAllReachesMoreSleepersThanABatchHolds(int count)
    {
        using WaitFixture fixture = new(bits: 4);
        for (int i = 0; i < count; i++)
        {
            fixture.Sleep($"s{i}", WaitFixture.Key(5), isExclusive: i % 3 != 0);
        }

        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.All), Is.EqualTo(count));
        fixture.AwaitWoken(count);
    }

    [TestCase(31)]
    [TestCase(32)]
    [TestCase(33)]
    public void AWakeNextBehindABatchOfSleepersThatAreNotExclusiveStillWakesOneThatIs(int count)
    {
        using WaitFixture fixture = new(bits: 4);
        fixture.Sleep("first", WaitFixture.Key(5));
        fixture.Sleep("second", WaitFixture.Key(5));
        for (int i = 0; i < count; i++)
        {
            fixture.Sleep($"shared {i}", WaitFixture.Key(5), isExclusive: false);
        }

        Assert.That(fixture.Table.Wake(WaitFixture.Key(5), WakeMode.Next), Is.EqualTo(count + 1));
        fixture.AwaitWoken(count + 1);
        Assert.That(fixture.Woken, Does.Contain("first").And.Not.Contain("second"));
        fixture.Table.Wake(WaitFixture.Key(5), WakeMode.Next);
    }

    [Test]
    public void NobodySleepsForWhatIsOverByTheSecondLook()
    {
        using WaitFixture fixture = new(bits: 4);
        var over = default(WaitFixture.NoLonger);
        Assert.That(
            fixture.Table.Park(WaitFixture.Key(5), true, ref fixture.Waiters, ref over, new WaitReason(default, PageOrder.Pte, default, PageOrder.Pte)),
            Is.False);
        Assert.That(fixture.Table.WaiterCount, Is.Zero);
    }

    [Test]
    public void ASleeperIsAnnouncedWhileItSleeps()
    {
        using WaitFixture fixture = new(bits: 4);
        fixture.Sleep("a", WaitFixture.Key(5));
        fixture.Sleep("b", WaitFixture.Key(6));
        Assert.That(fixture.Waiters, Is.EqualTo(2));
        fixture.Table.Wake(WaitFixture.Key(5), WakeMode.All);
        fixture.Table.Wake(WaitFixture.Key(6), WakeMode.All);
    }

    [Test]
    public void AThreadThatWasWokenCanSleepAgain()
    {
        using WaitFixture fixture = new(bits: 4);
        int turns = 0;
        var thread = new Thread(() =>
        {
            for (; turns < 1000; Interlocked.Increment(ref turns))
            {
                var still = default(WaitFixture.Still);
                WaitReason reason = new(default, PageOrder.Pte, default, PageOrder.Pte);
                fixture.Table.Park(WaitFixture.Key(turns), true, ref fixture.Waiters, ref still, reason);
            }
        });
        thread.Start();
        var time = Stopwatch.StartNew();
        while (!thread.Join(TimeSpan.Zero) && time.Elapsed < EntryFixture.Soon)
        {
            fixture.Table.Wake(WaitFixture.Key(Volatile.Read(ref turns)), WakeMode.Next);
        }

        Assert.That(turns, Is.EqualTo(1000));
    }

    [Test]
    public void SleepersDoNotHoldUpTheGarbageCollector()
    {
        using WaitFixture fixture = new(bits: 4);
        for (int i = 0; i < 8; i++)
        {
            fixture.Sleep($"s{i}", WaitFixture.Key(i));
        }

        var collections = Task.Run(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                GC.Collect();
            }
        });
        bool isDone = collections.Wait(TimeSpan.FromSeconds(30));
        for (int i = 0; i < 8; i++)
        {
            fixture.Table.Wake(WaitFixture.Key(i), WakeMode.All);
        }

        Assert.That(isDone, Is.True, "a sleeper holds up the collector");
    }

    [Test]
    public void TheLastWakeUpOfAKeyIsKeptUntilAnotherKeyOfItsQueueIsWoken()
    {
        using WaitTable table = new(1);
        WaitKey key = WaitFixture.Key(5);
        Assert.That(table.LastWakeOf(key), Is.Null);
        table.Wake(key, WakeMode.All);
        Assert.That(table.LastWakeOf(key), Has.Property(nameof(LastWake.Mode)).EqualTo(WakeMode.All)
            .And.Property(nameof(LastWake.ManagedThreadId)).EqualTo(Environment.CurrentManagedThreadId));
        WaitKey other = SameQueue(key, page => WaitFixture.Key(page));
        Assert.That(table.LastWakeOf(other), Is.Null, "a wake-up of another key is not this one's");
        table.Wake(other, WakeMode.Next);
        Assert.That(table.LastWakeOf(key), Is.Null);
    }

    [Test]
    public void KeysSpreadEvenlyOverTheQueues()
    {
        const int bits = 8;
        int[] pages = new int[1 << bits];
        int[] ranges = new int[1 << bits];
        for (int i = 0; i < 100 << bits; i++)
        {
            pages[WaitFixture.Key(i).Bucket(bits)]++;
            ranges[WaitFixture.Key((long)i << DaxConstants.PmdOrder).Bucket(bits)]++;
        }

        Assert.That(pages.Max(), Is.LessThan(200), "pages in a row");
        Assert.That(ranges.Max(), Is.LessThan(200), "2 MiB ranges in a row");
    }

    [TestCase(0)]
    [TestCase(21)]
    public void ATableHasASensibleNumberOfQueues(int bits) =>
        Assert.That(() => new WaitTable(bits), Throws.InstanceOf<ArgumentOutOfRangeException>());

    // Another key that goes to the queue of this one, in a table of two queues.
    private static WaitKey SameQueue(WaitKey key, Func<long, WaitKey> candidate)
    {
        for (long i = 100; ; i++)
        {
            if (candidate(i).Bucket(1) == key.Bucket(1))
            {
                return candidate(i);
            }
        }
    }
}
