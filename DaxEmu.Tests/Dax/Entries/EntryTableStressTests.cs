using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

/// <summary>More threads than cores, every operation, a mapping of four 2 MiB ranges: nothing is lost, nothing is left.</summary>
public sealed class EntryTableStressTests
{
    private const int ThreadCount = 8;
    private const int Regions = 4;
    private static readonly TimeSpan Time = TimeSpan.FromMilliseconds(700);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static IEnumerable<string> Policies => [.. WaitProfiles.Policies.Keys.Where(p => p != "raw"), "fixed"];

    [TestCaseSource(nameof(Policies))]
    [CancelAfter(120_000)]
    public void EveryPolicyButRawSurvives(string policy)
    {
        using var fixture = new LockingFixture(WaitProfiles.ByName(policy), Regions * DaxConstants.PagesPerPmd);
        var owners = new int[Regions * DaxConstants.PagesPerPmd];
        var failures = new List<string>();
        long done = 0;
        Thread[] threads = Start(fixture, owners, failures, Over(Time), count => Interlocked.Add(ref done, count));
        Assert.That(WhatHangs(fixture, threads, Patience), Is.Null, () => string.Join('\n', failures));

        Assert.That(failures, Is.Empty);
        Assert.That(done, Is.GreaterThan(10_000), "the threads hardly worked");
        Assert.That(owners, Is.All.Zero);
        Assert.That(fixture.Table.PresentPageCount, Is.EqualTo(fixture.Table.Snapshot().Sum(e => e.Range.PageCount)), "counts equal a recount");
    }

    /// <summary>The control of the watchdog: an entry that nobody lets go of must end in a picture, not in a run that never ends.</summary>
    [Test]
    [CancelAfter(60_000)]
    public void AHangIsToldWithTheWaitGraphAndTheRunGoesOn()
    {
        using var fixture = new LockingFixture(WaitProfiles.Fixed, Regions * DaxConstants.PagesPerPmd);
        HeldEntry kept = fixture.Hold(0);
        bool isOver = false;
        Thread[] threads = Start(fixture, new int[Regions * DaxConstants.PagesPerPmd], [], () => Volatile.Read(ref isOver), _ => { });
        fixture.Await(() => fixture.Waits.WaiterCount == ThreadCount, "somebody still gets by the entry that is held");
        string? picture = WhatHangs(fixture, threads, TimeSpan.FromMilliseconds(1));
        Volatile.Write(ref isOver, true);
        fixture.Locker.Unlock(kept.Start, DaxEntry.Zero(PageOrder.Pte));

        Assert.That(picture, Does.Contain($"{ThreadCount} threads wait for an entry").And.Contain("entry at page 0, 4 KiB, locked"));
        Assert.That(WhatHangs(fixture, threads, Patience), Is.Null, "the entry was let go of");
    }

    private static Func<bool> Over(TimeSpan time)
    {
        long end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        return () => Environment.TickCount64 >= end;
    }

    private static Thread[] Start(LockingFixture fixture, int[] owners, List<string> failures, Func<bool> isOver, Action<long> tell) =>
        fixture.Start(Enumerable.Range(1, ThreadCount).Select(id => (Action)(() =>
        {
            try
            {
                tell(new Worker(fixture, owners, id).Run(isOver));
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                lock (failures)
                {
                    failures.Add(e.Message);
                }
            }
        })));

    // The watchdog: null if all threads end in time, which they share; else who sleeps, and why.
    private static string? WhatHangs(LockingFixture fixture, Thread[] threads, TimeSpan patience)
    {
        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        bool haveEnded = Array.TrueForAll(threads, t => t.Join((int)Math.Max(0, end - Environment.TickCount64)));
        return haveEnded ? null : fixture.Graph.ToString();
    }

    /// <summary>One thread: random operations; while it holds an entry it owns its pages, and nobody else may.</summary>
    private sealed class Worker(LockingFixture fixture, int[] owners, int id)
    {
        private readonly Random random = new(id);

        public long Run(Func<bool> isOver)
        {
            long count = 0;
            for (; !isOver(); count++)
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
                        fixture.Locker.WaitWithoutLocking(page);
                        break;
                    default:
                        fixture.Table.RefreshAnyDirty(new PageRange(page, DaxConstants.PagesPerPmd));
                        break;
                }
            }

            return count;
        }

        private void Fault(PageIndex page, PageOrder order)
        {
            Grab grab = fixture.Locker.Grab(page, order);
            if (grab.Outcome == GrabOutcome.Conflict)
            {
                return;
            }

            HeldEntry held = grab.Held;
            Own(held.Range);
            if (grab.Outcome == GrabOutcome.NeedsDowngrade)
            {
                Disown(held.Range);
                held = fixture.Locker.FinishDowngrade(held, page);
                Own(held.Range);
            }

            bool isZero = random.Next(2) == 0;
            DaxEntry entry = held.Entry.IsReal ? held.Entry
                : isZero ? DaxEntry.Zero(held.Entry.Order)
                : DaxEntry.Real(new Pfn(held.Start.Value), held.Entry.Order);
            entry = entry.WithDirty();
            if (!entry.IsPmd)
            {
                fixture.Table.NoteDirty(held.Start);
            }

            Disown(held.Range);
            fixture.Locker.Unlock(held.Start, entry);
        }

        private void Delete(PageIndex page)
        {
            if (!fixture.Locker.LockAny(page, out HeldEntry held))
            {
                return;
            }

            Own(held.Range);
            Disown(held.Range);
            if (random.Next(3) == 0)
            {
                fixture.Locker.Put(held);
            }
            else
            {
                fixture.Locker.Remove(held);
            }
        }

        private void Clean(PageIndex page)
        {
            var range = new PageRange(page.PmdStart, DaxConstants.PagesPerPmd);
            fixture.Table.TagTowrite(range);
            PageIndex next = range.First;
            while (fixture.Table.NextTowrite(next, range.End, out PageIndex start))
            {
                DaxEntry seen = fixture.Table.Lookup(start);
                if (seen.IsPresent && fixture.Locker.LockAt(start, seen.Order, out HeldEntry held))
                {
                    Own(held.Range);
                    fixture.Table.ClearTowrite(start);
                    Disown(held.Range);
                    fixture.Locker.Unlock(start, held.Entry.WithDirty(false));
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
