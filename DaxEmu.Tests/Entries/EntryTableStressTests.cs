using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Entries;

/// <summary>More threads than cores, every operation, a mapping of four 2 MiB ranges: nothing is lost, nothing is left.</summary>
public sealed class EntryTableStressTests
{
    private const int ThreadCount = 8;
    private const int Regions = 4;
    private static readonly TimeSpan Time = TimeSpan.FromMilliseconds(700);

    private static IEnumerable<string> Policies => [.. WaitProfiles.Policies.Keys.Where(p => p != "raw"), "fixed"];

    [TestCaseSource(nameof(Policies))]
    [CancelAfter(120_000)]
    public void EveryPolicyButRawSurvives(string policy)
    {
        using var world = new LockWorld(WaitProfiles.ByName(policy), Regions * DaxConstants.PagesPerPmd);
        var owners = new int[Regions * DaxConstants.PagesPerPmd];
        using var stop = new CancellationTokenSource(Time);
        var failures = new List<string>();
        long done = 0;
        Thread[] threads = [.. Enumerable.Range(1, ThreadCount).Select(id => new Thread(() =>
        {
            try
            {
                Interlocked.Add(ref done, new Worker(world, owners, id).Run(stop.Token));
            }
            catch (InvalidOperationException e)
            {
                lock (failures)
                {
                    failures.Add(e.Message);
                }
            }
        })
        {
            IsBackground = true,
        })];
        Array.ForEach(threads, t => t.Start());
        foreach (Thread thread in threads)
        {
            Assert.That(thread.Join(TimeSpan.FromSeconds(30)), Is.True, world.Graph.ToString());
        }

        Assert.That(failures, Is.Empty);
        Assert.That(done, Is.GreaterThan(10_000), "the threads hardly worked");
        Assert.That(owners, Is.All.Zero);
        Assert.That(world.Table.PresentPageCount, Is.EqualTo(world.Table.Snapshot().Sum(e => e.Range.PageCount)), "counts equal a recount");
    }

    /// <summary>One thread: random operations; while it holds an entry it owns its pages, and nobody else may.</summary>
    private sealed class Worker(LockWorld world, int[] owners, int id)
    {
        private readonly Random random = new(id);

        public long Run(CancellationToken stop)
        {
            long count = 0;
            for (; !stop.IsCancellationRequested; count++)
            {
                var page = new PageIndex((random.Next(Regions) * DaxConstants.PagesPerPmd) + (random.Next(4) == 0 ? 0 : random.Next(4)));
                switch (random.Next(8))
                {
                    case 0 or 1:
                        Fault(page, PageOrder.Pte);
                        break;
                    case 2 or 3:
                        Fault(page.PmdStart, PageOrder.Pmd);
                        break;
                    case 4:
                        Delete(page);
                        break;
                    case 5:
                        Clean(page);
                        break;
                    case 6:
                        world.Locker.WaitWithoutClaim(page);
                        break;
                    default:
                        world.Table.RefreshAnyDirty(new PageRange(page, DaxConstants.PagesPerPmd));
                        break;
                }
            }

            return count;
        }

        private void Fault(PageIndex page, PageOrder order)
        {
            Grab grab = world.Locker.Grab(page, order);
            if (grab.Outcome == GrabOutcome.Conflict)
            {
                return;
            }

            HeldEntry held = grab.Held;
            Own(held.Range);
            if (grab.Outcome == GrabOutcome.NeedsDowngrade)
            {
                Disown(held.Range);
                held = world.Locker.FinishDowngrade(held, page);
                Own(held.Range);
            }

            bool isZero = random.Next(2) == 0;
            DaxEntry entry = held.Entry.IsReal ? held.Entry
                : isZero ? DaxEntry.Zero(held.Entry.Order)
                : DaxEntry.Real(new Pfn(held.Start.Value), held.Entry.Order);
            entry = entry.WithDirty();
            if (!entry.IsPmd)
            {
                world.Table.NoteDirty(held.Start);
            }

            Disown(held.Range);
            world.Locker.Unlock(held.Start, entry);
        }

        private void Delete(PageIndex page)
        {
            if (!world.Locker.TakeAny(page, out HeldEntry held))
            {
                return;
            }

            Own(held.Range);
            Disown(held.Range);
            if (random.Next(3) == 0)
            {
                world.Locker.Put(held);
            }
            else
            {
                world.Locker.Remove(held);
            }
        }

        private void Clean(PageIndex page)
        {
            var range = new PageRange(page.PmdStart, DaxConstants.PagesPerPmd);
            world.Table.TagTowrite(range);
            PageIndex next = range.First;
            while (world.Table.NextTowrite(next, range.End, out PageIndex start))
            {
                DaxEntry seen = world.Table.Lookup(start);
                if (seen.IsPresent && world.Locker.TakeAt(start, seen.Order, out HeldEntry held))
                {
                    Own(held.Range);
                    world.Table.ClearTowrite(start);
                    Disown(held.Range);
                    world.Locker.Unlock(start, held.Entry.WithDirty(false));
                }

                next = start + 1;
            }
        }

        private void Own(PageRange range)
        {
            for (PageIndex page = range.First; page < range.End; page += 1)
            {
                if (Interlocked.CompareExchange(ref owners[page.Value], id, 0) is var other and not 0)
                {
                    throw new InvalidOperationException($"page {page} is held by {id} and {other}");
                }
            }
        }

        private void Disown(PageRange range)
        {
            for (PageIndex page = range.First; page < range.End; page += 1)
            {
                Volatile.Write(ref owners[page.Value], 0);
            }
        }
    }
}
