using System.Diagnostics;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Bench.Soak;

/// <summary>One thread of a soak: an operation after the other, chosen at random.</summary>
internal sealed class SoakJob
{
    private readonly SoakWorld world;
    private readonly Random random;
    private long operationCount;
    private long lastProgress = Stopwatch.GetTimestamp();

    public SoakJob(SoakWorld world, int seed, int number)
    {
        this.world = world;
        Number = number;
#pragma warning disable CA5394 // Reproducible, not secret.
        random = new Random((seed * 1000) + number);
#pragma warning restore CA5394
    }

    /// <summary>Which thread it is, from 0.</summary>
    public int Number { get; }

    /// <summary>The thread's managed id, once it runs.</summary>
    public int ManagedThreadId { get; private set; }

    /// <summary>What it does now.</summary>
    public string Doing { get; private set; } = "starts";

    /// <summary>What it found wrong; null if nothing.</summary>
    public string? Fault { get; private set; }

    /// <summary>Operations done.</summary>
    public long OperationCount => Volatile.Read(ref operationCount);

    /// <summary>Since when it is at its present operation.</summary>
    public TimeSpan SinceProgress => Stopwatch.GetElapsedTime(Volatile.Read(ref lastProgress));

    /// <summary>Works until told to pause or stop, or until something is wrong.</summary>
    public void Run(Func<bool> goOn)
    {
        ManagedThreadId = Environment.CurrentManagedThreadId;
        try
        {
            while (goOn() && Fault is null)
            {
                Volatile.Write(ref lastProgress, Stopwatch.GetTimestamp());
                Step();
                Volatile.Write(ref operationCount, operationCount + 1);
            }
        }
#pragma warning disable CA1031 // Whatever a thread dies of is a finding.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fault = $"{Doing}: {e}";
        }

        Doing = "waits for the others";
    }

    private void Step()
    {
#pragma warning disable CA5394 // Reproducible, not secret.
        // Half of the work falls on the first few 2 MiB, so that threads meet.
        long region = random.Next(2) == 0 ? random.Next(2) : random.NextInt64(world.PageCount >> DaxConstants.PmdOrder);
        long page = (region << DaxConstants.PmdOrder) + (random.Next(3) == 0 ? 0 : random.Next(4) == 0 ? random.Next(DaxConstants.PagesPerPmd) : random.Next(8));
        MappedView view = world.Views[random.Next(world.Views.Count)];
        switch (random.Next(100))
        {
            case < 45:
                Doing = $"writes page {page}";
                WithPage(page, () => world.Stamps.Stamp(page, view.Write(page << DaxConstants.PageShift, DaxConstants.PageSize)));
                break;
            case < 70:
                Doing = $"reads page {page}";
                WithPage(page, () => Fault = world.Stamps.Compare(page, view.Read(page << DaxConstants.PageShift, DaxConstants.PageSize)));
                break;
            case < 85:
                Doing = $"touches 2 MiB at page {page}";
                world.Faults.Handler.Fault(view.Area, page, FaultFlags.UserTouch, PageOrder.Pmd);
                break;
            case < 90:
                Doing = $"writes back 2 MiB around page {page}";
                WritebackPass.Run(world.Mapping, new PageRange(new PageIndex(page).PmdStart, DaxConstants.PagesPerPmd));
                break;
            case < 93:
                Doing = $"drops translations around page {page}";
                view.Area.Table.Unmap(page, random.Next(1, DaxConstants.PagesPerPmd), keepCopies: true);
                break;
            case < 96:
                Doing = $"invalidates page {page}";
                Invalidate(new PageRange(new PageIndex(page), random.Next(1, 64)));
                break;
            case < 98:
                Doing = $"waits for page {page}";
                world.Mapping.Locker.WaitWithoutClaim(new PageIndex(page));
                break;
            default:
                Doing = $"punches 2 MiB around page {page}";
                Punch(new PageIndex(page).PmdStart);
                break;
        }
#pragma warning restore CA5394
    }

    private void WithPage(long page, Action action)
    {
        if (!world.Stamps.TryTake(page))
        {
            return;
        }

        try
        {
            action();
        }
        finally
        {
            world.Stamps.Give(page);
        }
    }

    private void Invalidate(PageRange range)
    {
        AddressSpace mapping = world.Mapping;
        mapping.InvalidateLock.EnterWrite();
        try
        {
            mapping.Unmap(range);
            Invalidator.InvalidateRangeIfClean(mapping, range);
        }
        finally
        {
            mapping.InvalidateLock.ExitWrite();
        }
    }

    // All pages of the 2 MiB must be this thread's, as their bytes go.
    private void Punch(PageIndex start)
    {
        int taken = 0;
        while (taken < DaxConstants.PagesPerPmd && world.Stamps.TryTake(start.Value + taken))
        {
            taken++;
        }

        if (taken == DaxConstants.PagesPerPmd)
        {
            PunchTaken(new PageRange(start, DaxConstants.PagesPerPmd));
        }

        for (int i = 0; i < taken; i++)
        {
            world.Stamps.Give(start.Value + i);
        }
    }

    private void PunchTaken(PageRange range)
    {
        AddressSpace mapping = world.Mapping;
        mapping.InvalidateLock.EnterWrite();
        try
        {
            mapping.Unmap(range);
            Invalidator.DeleteRange(mapping, range);
            mapping.ReleaseBlocks(world.Extents.Punch(range));
            for (PageIndex page = range.First; page < range.End; page += 1)
            {
                world.Stamps.Forget(page.Value);
            }
        }
        finally
        {
            mapping.InvalidateLock.ExitWrite();
        }
    }
}
