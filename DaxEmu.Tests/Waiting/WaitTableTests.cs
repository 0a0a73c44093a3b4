using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Waiting;

public sealed class WaitTableTests
{
    [Test]
    [CancelAfter(60_000)]
    public void ExclusiveSleepersAreWokenOneByOneInTheirOrder()
    {
        using var world = new EntryWorld();
        HeldEntry held = world.Hold(0);
        var order = new List<int>();
        for (int i = 0; i < 5; i++)
        {
            int id = i;
            world.StartAndAwaitSleep(() =>
            {
                world.Locker.TakeAny(new PageIndex(0), out HeldEntry mine);
                lock (order)
                {
                    order.Add(id);
                }

                world.Locker.Put(mine);
            });
        }

        world.Locker.Unlock(held.Start, held.Entry);
        world.Await(() => order.Count == 5, "not everybody was woken");
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 5)));
    }

    [Test]
    [CancelAfter(60_000)]
    public void AWakeNextWakesAllWhoDoNotClaimAndOneWhoDoes()
    {
        using var world = new EntryWorld();
        HeldEntry held = world.Hold(0);
        for (int i = 0; i < 3; i++)
        {
            world.StartAndAwaitSleep(() => world.Locker.TakeAny(new PageIndex(0), out _));
            world.StartAndAwaitSleep(() => world.Locker.WaitWithoutClaim(new PageIndex(0)));
        }

        Assert.That(world.Waits.Wake(new WaitKey(1, new PageIndex(0)), WakeMode.Next), Is.EqualTo(4));
        world.Await(() => world.Waits.SleeperCount == 3, "the one who claims goes back to sleep, as the entry is still locked");
        world.Locker.Remove(held);
    }

    [Test]
    [CancelAfter(60_000)]
    public void AnotherKeyInTheSameQueueIsPassedOver()
    {
        using var world = new EntryWorld(waitBits: 1);
        HeldEntry[] held = [.. Enumerable.Range(0, 8).Select(p => world.Hold(p))];
        Thread[] threads = [.. held.Select(h => world.StartAndAwaitSleep(() => Touch(world, h.Start)))];
        world.Locker.Unlock(held[5].Start, held[5].Entry);
        Assert.That(threads[5].Join(TimeSpan.FromSeconds(20)), Is.True);
        Assert.That(world.Waits.SleeperCount, Is.EqualTo(7));
        foreach (HeldEntry other in held.Where(h => h != held[5]))
        {
            world.Locker.Unlock(other.Start, other.Entry);
        }

        Assert.That(threads.All(t => t.Join(TimeSpan.FromSeconds(20))), Is.True, world.Graph.ToString());
    }

    [Test]
    [CancelAfter(60_000)]
    public void ARemovalWakesMoreSleepersThanOneBatchHolds()
    {
        using var world = new EntryWorld();
        HeldEntry held = world.Hold(0);
        Thread[] threads = [.. Enumerable.Range(0, 70).Select(_ => world.StartAndAwaitSleep(() => Touch(world, new PageIndex(0))))];
        Assert.That(world.Waits.SleeperCount, Is.EqualTo(70));
        world.Locker.Remove(held);
        Assert.That(threads.All(t => t.Join(TimeSpan.FromSeconds(20))), Is.True, world.Graph.ToString());
    }

    [Test]
    [CancelAfter(60_000)]
    public void SleepersDoNotHoldUpTheGarbageCollector()
    {
        using var world = new EntryWorld();
        HeldEntry held = world.Hold(0);
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(_ => world.StartAndAwaitSleep(() => Touch(world, new PageIndex(0))))];
        using var collected = new ManualResetEventSlim();
        new Thread(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                GC.Collect();
            }

            collected.Set();
        })
        {
            IsBackground = true,
        }.Start();
        Assert.That(collected.Wait(TimeSpan.FromSeconds(30)), Is.True);
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(threads.All(t => t.Join(TimeSpan.FromSeconds(20))), Is.True);
    }

    [Test]
    public void EveryProfileHasANameAndAStoryAndIsFoundByIt()
    {
        foreach (WaitProfile profile in WaitProfiles.All)
        {
            Assert.That(WaitProfiles.ByName(profile.Name), Is.SameAs(profile));
            Assert.That(profile.Story, Is.Not.Empty);
        }

        Assert.That(
            () => WaitProfiles.ByName("v9"),
            Throws.ArgumentException.With.Message.Contains("'v9'").And.Message.Contains("mask-all").And.Message.Contains("fixed"));
    }

    [TestCase("raw", 512, 515, PageOrder.Pte, 512)]
    [TestCase("raw", 515, 515, PageOrder.Pte, 515)]
    [TestCase("raw", 515, 512, PageOrder.Pmd, 512)]
    [TestCase("mask-all", 515, 515, PageOrder.Pte, 512)]
    [TestCase("conflict", 512, 515, PageOrder.Pte, 515)]
    [TestCase("conflict", 515, 512, PageOrder.Pmd, 512)]
    public void AKeyingDerivesItsKey(string policy, long searched, long found, PageOrder order, long key) =>
        Assert.That(
            WaitProfiles.ByName(policy).Keying.KeyFor(new PageIndex(searched), new PageIndex(found), order).Value, Is.EqualTo(key));

    private static void Touch(EntryWorld world, PageIndex page)
    {
        if (world.Locker.TakeAny(page, out HeldEntry mine))
        {
            world.Locker.Put(mine);
        }
    }
}
