using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

public sealed class PoisonListTests
{
    private const long PageCount = 1024;

    private readonly PoisonList list = new(PageCount);

    [SetUp]
    public void Heal() => list.Clear(new Pfn(0), PageCount);

    [TestCase(0)]
    [TestCase(63)]
    [TestCase(64)]
    [TestCase(1023)]
    public void AMarkedPageIsPoisonedAndItsNeighboursAreNot(long page)
    {
        Assert.That(list.Mark(new Pfn(page)), Is.True);

        Assert.That(list.IsEmpty, Is.False);
        for (long other = 0; other < PageCount; other++)
        {
            Assert.That(list.Contains(new Pfn(other)), Is.EqualTo(other == page), $"page {other}");
        }
    }

    [Test]
    public void MarkingTwiceCountsOnceAndClearingTwiceClearsOnce()
    {
        Assert.That(list.Mark(new Pfn(5)), Is.True);
        Assert.That(list.Mark(new Pfn(5)), Is.False);
        Assert.That(list.Clear(new Pfn(5)), Is.True);

        Assert.That(list.IsEmpty, Is.True, "a second mark must not leave a count behind");
        Assert.That(list.Clear(new Pfn(5)), Is.False);
        Assert.That(list.IsEmpty, Is.True, "a second clear must not take the count below zero");
    }

    [Test]
    public void TheFirstPoisonedPageOfARangeIsFoundAndNoneOutsideIt()
    {
        list.Mark(new Pfn(100));
        list.Mark(new Pfn(700));

        Assert.That(list.FindFirst(new Pfn(0), PageCount), Is.EqualTo(new Pfn(100)));
        Assert.That(list.FindFirst(new Pfn(100), 1), Is.EqualTo(new Pfn(100)));
        Assert.That(list.FindFirst(new Pfn(101), 599), Is.Null);
        Assert.That(list.FindFirst(new Pfn(101), 600), Is.EqualTo(new Pfn(700)));
        Assert.That(list.FindFirst(new Pfn(90), 10), Is.Null);
        Assert.That(list.FindFirst(new Pfn(PageCount), 0), Is.Null);
        Assert.That(list.Snapshot(), Is.EqualTo(new[] { new Pfn(100), new Pfn(700) }));
    }

    [Test]
    public void ARangeIsHealedWithoutItsSurroundings()
    {
        foreach (long page in new long[] { 9, 10, 64, 127, 128 })
        {
            list.Mark(new Pfn(page));
        }

        Assert.That(list.Clear(new Pfn(10), 118), Is.EqualTo(3));
        Assert.That(list.Snapshot(), Is.EqualTo(new[] { new Pfn(9), new Pfn(128) }));
    }

    [TestCase(-1)]
    [TestCase(PageCount)]
    [TestCase(long.MaxValue)]
    public void APageThatTheDeviceDoesNotHaveIsRefused(long page)
    {
        Assert.That(() => list.Contains(new Pfn(page)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => list.Mark(new Pfn(page)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => list.Clear(new Pfn(page)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => list.FindFirst(new Pfn(page), 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void ACompleteMarkIsSeenWhereverAnotherCallWasInterrupted()
    {
        // Another thread heals the page of the interrupted call and poisons one of its own: all complete marks must be seen at once.
        int interruptions = 0;
        Action<PoisonList>[] calls = [poison => poison.Mark(new Pfn(1)), poison => poison.Clear(new Pfn(1))];
        foreach (Action<PoisonList> interrupted in calls)
        {
            bool hasStep = true;
            for (int step = 0; hasStep; step++)
            {
                PoisonList poison = new(PageCount);
                poison.Mark(new Pfn(2));
                hasStep = Interruption.Run(() => interrupted(poison), step, () =>
                {
                    poison.Clear(new Pfn(1));
                    Assert.That(poison.Contains(new Pfn(2)), Is.True, $"interrupted before step {step}");
                    poison.Mark(new Pfn(3));
                    Assert.That(poison.Contains(new Pfn(3)), Is.True, $"interrupted before step {step}");
                    Assert.That(poison.FindFirst(new Pfn(3), 1), Is.EqualTo(new Pfn(3)));
                    interruptions++;
                });
                Assert.That(poison.Clear(new Pfn(1), 3), Is.Positive, "page 2 at least");
                Assert.That(poison.IsEmpty, Is.True, "the count must be the number of poisoned pages once all is quiet");
            }
        }

        Assert.That(interruptions, Is.GreaterThanOrEqualTo(3), "both calls have steps to interrupt");
    }

    [Test]
    public void APageMarkedByOneThreadStaysSeenWhileOthersMarkAndClear()
    {
        const int Rounds = 20_000;
        PoisonList shared = new(PageCount);
        int lost = 0;
        Thread[] threads = [.. Enumerable.Range(0, 4).Select(worker => new Thread(() =>
        {
            // All fight for page 0 and each has a page of its own in the same word.
            Pfn own = new(worker + 1);
            for (int round = 0; round < Rounds; round++)
            {
                shared.Mark(own);
                shared.Mark(new Pfn(0));
                shared.Clear(new Pfn(0));
                Interlocked.Add(ref lost, shared.Contains(own) ? 0 : 1);
                shared.Clear(own);
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.That(lost, Is.Zero, "a page whose marking was complete was not seen");
        Assert.That(shared.IsEmpty, Is.True);
        Assert.That(shared.Snapshot(), Is.Empty);
    }
}
