using System.Diagnostics;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Waiting;

public sealed class WaitTableTests
{
    [Test]
    public void ExclusiveSleepersAreWokenOneByOneInTheOrderInWhichTheyCame()
    {
        using WaitRoom room = new(bits: 4);
        for (int i = 0; i < 5; i++)
        {
            room.Sleep($"s{i}", WaitRoom.Key(5));
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.Next), Is.EqualTo(1));
            room.AwaitWoken(i + 1);
        }

        Assert.That(room.Woken, Is.EqualTo(new[] { "s0", "s1", "s2", "s3", "s4" }));
        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.Next), Is.Zero, "nobody is left");
    }

    [Test]
    public void AWakeNextWakesEverySleeperThatIsNotExclusiveAndTheFirstThatIs()
    {
        using WaitRoom room = new(bits: 4);
        room.Sleep("exclusive 1", WaitRoom.Key(5));
        room.Sleep("shared 1", WaitRoom.Key(5), isExclusive: false);
        room.Sleep("exclusive 2", WaitRoom.Key(5));
        room.Sleep("shared 2", WaitRoom.Key(5), isExclusive: false);

        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.Next), Is.EqualTo(3));
        room.AwaitWoken(3);
        Assert.That(room.Woken, Is.EquivalentTo(new[] { "exclusive 1", "shared 1", "shared 2" }));
        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.Next), Is.EqualTo(1));
    }

    [Test]
    public void AWakeAllWakesEverySleeperOfTheKey()
    {
        using WaitRoom room = new(bits: 4);
        room.Sleep("a", WaitRoom.Key(5));
        room.Sleep("b", WaitRoom.Key(5), isExclusive: false);
        room.Sleep("c", WaitRoom.Key(5));
        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.All), Is.EqualTo(3));
        room.AwaitWoken(3);
    }

    [Test]
    public void AWakeUpForNobodyWakesNobody()
    {
        using WaitRoom room = new(bits: 4);
        room.Sleep("a", WaitRoom.Key(5));
        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.Nobody), Is.Zero);
        Assert.That(room.Table.SleeperCount, Is.EqualTo(1));
        room.Table.Wake(WaitRoom.Key(5), WakeMode.All);
    }

    [Test]
    public void SleepersOfOtherKeysInTheSameQueueArePassedOver()
    {
        using WaitRoom room = new(bits: 1);
        WaitKey key = WaitRoom.Key(5);
        WaitKey otherPage = SameQueue(key, page => WaitRoom.Key(page));
        WaitKey otherMapping = SameQueue(key, mapping => WaitRoom.Key(5, mapping));
        room.Sleep("other page", otherPage);
        room.Sleep("other mapping", otherMapping);
        room.Sleep("mine", key);
        room.Sleep("other page too", otherPage);

        Assert.That(room.Table.Wake(key, WakeMode.All), Is.EqualTo(1));
        room.AwaitWoken(1);
        Assert.That(room.Woken, Is.EqualTo(new[] { "mine" }));
        Assert.That(room.Table.Wake(otherMapping, WakeMode.Next), Is.EqualTo(1));
        room.AwaitWoken(2);
        Assert.That(room.Table.Wake(otherPage, WakeMode.All), Is.EqualTo(2));
    }

    [TestCase(31)]
    [TestCase(32)]
    [TestCase(33)]
    [TestCase(70)]
    public void AWakeAllReachesMoreSleepersThanABatchHolds(int count)
    {
        using WaitRoom room = new(bits: 4);
        for (int i = 0; i < count; i++)
        {
            room.Sleep($"s{i}", WaitRoom.Key(5), isExclusive: i % 3 != 0);
        }

        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.All), Is.EqualTo(count));
        room.AwaitWoken(count);
    }

    [TestCase(31)]
    [TestCase(32)]
    [TestCase(33)]
    public void AWakeNextBehindABatchOfSleepersThatAreNotExclusiveStillWakesOneThatIs(int count)
    {
        using WaitRoom room = new(bits: 4);
        room.Sleep("first", WaitRoom.Key(5));
        room.Sleep("second", WaitRoom.Key(5));
        for (int i = 0; i < count; i++)
        {
            room.Sleep($"shared {i}", WaitRoom.Key(5), isExclusive: false);
        }

        Assert.That(room.Table.Wake(WaitRoom.Key(5), WakeMode.Next), Is.EqualTo(count + 1));
        room.AwaitWoken(count + 1);
        Assert.That(room.Woken, Does.Contain("first").And.Not.Contain("second"));
        room.Table.Wake(WaitRoom.Key(5), WakeMode.Next);
    }

    [Test]
    public void NobodySleepsForWhatIsOverByTheSecondLook()
    {
        using WaitRoom room = new(bits: 4);
        var over = default(WaitRoom.NoLonger);
        Assert.That(
            room.Table.Park(WaitRoom.Key(5), true, ref room.Sleepers, ref over, new SleepReason(default, PageOrder.Pte, default, PageOrder.Pte)),
            Is.False);
        Assert.That(room.Table.SleeperCount, Is.Zero);
    }

    [Test]
    public void ASleeperIsAnnouncedWhileItSleeps()
    {
        using WaitRoom room = new(bits: 4);
        room.Sleep("a", WaitRoom.Key(5));
        room.Sleep("b", WaitRoom.Key(6));
        Assert.That(room.Sleepers, Is.EqualTo(2));
        room.Table.Wake(WaitRoom.Key(5), WakeMode.All);
        room.Table.Wake(WaitRoom.Key(6), WakeMode.All);
    }

    [Test]
    public void AThreadThatWasWokenCanSleepAgain()
    {
        using WaitRoom room = new(bits: 4);
        int turns = 0;
        var thread = new Thread(() =>
        {
            for (; turns < 1000; Interlocked.Increment(ref turns))
            {
                var still = default(WaitRoom.Still);
                SleepReason reason = new(default, PageOrder.Pte, default, PageOrder.Pte);
                room.Table.Park(WaitRoom.Key(turns), true, ref room.Sleepers, ref still, reason);
            }
        });
        thread.Start();
        var time = Stopwatch.StartNew();
        while (!thread.Join(TimeSpan.Zero) && time.Elapsed < EntryWorld.Soon)
        {
            room.Table.Wake(WaitRoom.Key(Volatile.Read(ref turns)), WakeMode.Next);
        }

        Assert.That(turns, Is.EqualTo(1000));
    }

    [Test]
    public void SleepersDoNotHoldUpTheGarbageCollector()
    {
        using WaitRoom room = new(bits: 4);
        for (int i = 0; i < 8; i++)
        {
            room.Sleep($"s{i}", WaitRoom.Key(i));
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
            room.Table.Wake(WaitRoom.Key(i), WakeMode.All);
        }

        Assert.That(isDone, Is.True, "a sleeper holds up the collector");
    }

    [Test]
    public void TheLastWakeUpOfAKeyIsKeptUntilAnotherKeyOfItsQueueIsWoken()
    {
        using WaitTable table = new(1);
        WaitKey key = WaitRoom.Key(5);
        Assert.That(table.LastWakeOf(key), Is.Null);
        table.Wake(key, WakeMode.All);
        Assert.That(table.LastWakeOf(key), Has.Property(nameof(LastWake.Mode)).EqualTo(WakeMode.All)
            .And.Property(nameof(LastWake.ManagedThreadId)).EqualTo(Environment.CurrentManagedThreadId));
        WaitKey other = SameQueue(key, page => WaitRoom.Key(page));
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
            pages[WaitRoom.Key(i).Bucket(bits)]++;
            ranges[WaitRoom.Key((long)i << DaxConstants.PmdOrder).Bucket(bits)]++;
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
