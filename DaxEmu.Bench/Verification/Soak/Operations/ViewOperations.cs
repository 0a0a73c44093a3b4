using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Views that come and go while others work on the same pages, or use the same view.</summary>
internal sealed class ViewOperations(SoakJob job)
{
    private static readonly MapMode[] Modes =
        [MapMode.Shared, MapMode.Private, MapMode.Shared | MapMode.Sync, MapMode.Private, MapMode.Shared | MapMode.NoHugePage];

    private readonly SoakFixture fixture = job.Fixture;
    private readonly CopyOperations copies = new(job);
    private readonly FileOperations file = new(job);

    /// <summary>A view of a thread's own: mapped, read, stored to, perhaps synced, unmapped.</summary>
    public bool Short(long page, ref StepRandom random)
    {
        MapMode mode = Allowed(Modes[random.Next(Modes.Length)]);
        bool isWhole = random.OneIn(2);
        int durable = random.Next(8);
        long count = Math.Min(1 + random.Next(8), fixture.PageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.ShortView, page, count);
        using (DaxView view = isWhole ? MapWhole(mode) : fixture.File.Map(page << DaxConstants.PageShift, count << DaxConstants.PageShift, mode))
        {
            long viewPage = isWhole ? page : 0;
            copies.LoadTaken(view, viewPage, page, count);
            if ((mode & MapMode.Shared) != 0)
            {
                copies.StoreTaken(view, viewPage, page, count);
                copies.MakeDurable(view, viewPage, page, count, durable);
            }
            else
            {
                StorePrivately(view, viewPage, count);
            }
        }

        file.ReadTaken(page, 1);
        fixture.Stamps.Give(page, count);
        return true;
    }

    /// <summary>Puts a new view in the place of one that others may be using, and unmaps that.</summary>
    public bool Swap(ref StepRandom random)
    {
        int slot = random.Next(fixture.Slots.Length);
        job.Begin(SoakOperation.SwapView, 0, way: slot);
        DaxView? old = Interlocked.Exchange(ref fixture.Slots[slot], MapWhole(ModeOf(slot, ref random)));
        old?.Dispose();
        return true;
    }

    /// <summary>Copies through a view that any other thread may unmap; then the copy may end early, and nothing else may happen.</summary>
    public bool UseSwapped(long page, ref StepRandom random)
    {
        int slot = random.Next(fixture.Slots.Length);
        DaxView? view = Volatile.Read(ref fixture.Slots[slot]);
        long count = Math.Min(random.OneIn(16) ? DaxConstants.PagesPerPmd : 1 + random.Next(8), fixture.PageCount - page);
        bool isStore = random.OneIn(2);
        if (view is null)
        {
            return false;
        }

        return IsShared(slot) ? UseShared(view, slot, page, Math.Min(count, 8), isStore && Allowed(view.Mode) == view.Mode) : UsePrivate(view, slot, page, count, isStore);
    }

    private static bool IsShared(int slot) => slot % 2 == 1;

    // As a view to store through is chosen: not a synchronous one while memory may be lost.
    private MapMode Allowed(MapMode mode) => fixture.AllowsPoison ? mode & ~MapMode.Sync : mode;

    private MapMode ModeOf(int slot, ref StepRandom random) =>
        IsShared(slot) ? Allowed(Modes[random.Next(2) * 2]) : MapMode.Private | (random.OneIn(2) ? MapMode.NoHugePage : 0);

    // Not as long as the file is: it may be cut off at the moment.
    private DaxView MapWhole(MapMode mode) => fixture.File.Map(0, fixture.PageCount << DaxConstants.PageShift, mode);

    private bool UseShared(DaxView view, int slot, long page, long count, bool isStore)
    {
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.UseSwappedView, page, count, slot);
        try
        {
            if (isStore)
            {
                copies.StoreTaken(view, page, page, count);
                if (job.TryWriteBack(() => view.Sync(page << DaxConstants.PageShift, count << DaxConstants.PageShift)))
                {
                    job.Promise(PageSide.File, page, count, "by a sync of a view that others may unmap");
                }
            }
            else
            {
                copies.LoadTaken(view, page, page, count);
            }
        }
        catch (ObjectDisposedException)
        {
            // Unmapped in the middle: some pages are stored, and all are stored anew.
            file.WriteTaken(page, count);
        }

        fixture.Stamps.Give(page, count);
        return true;
    }

    // No thread has these pages: what they show is not known, and what is stored goes to copies.
    private bool UsePrivate(DaxView view, int slot, long page, long count, bool isStore)
    {
        job.Begin(SoakOperation.UseSwappedView, page, count, slot);
        Span<byte> bytes = job.Region.AsSpan(0, (int)count << DaxConstants.PageShift);
        try
        {
            if (isStore)
            {
                view.CopyFrom(bytes, page << DaxConstants.PageShift);
            }
            else
            {
                view.CopyTo(bytes, page << DaxConstants.PageShift);
            }
        }
        catch (ObjectDisposedException)
        {
        }
        catch (DaxException e) when (IsExpected(e, page + count))
        {
        }

        return true;
    }

    // The tail may be cut off at the moment.
    private bool IsExpected(DaxException e, long end) =>
        (e.Error.ToFaultResult() == FaultResult.Sigbus && end > fixture.TailFirst) || (e.Error == IoError.Poison && fixture.AllowsPoison);

    private void StorePrivately(DaxView view, long viewPage, long count)
    {
        Span<byte> bytes = job.Buffer.AsSpan(0, (int)count << DaxConstants.PageShift);
        bytes.Fill((byte)(job.Number + 1));
        view.CopyFrom(bytes, viewPage << DaxConstants.PageShift);
        bytes.Clear();
        view.CopyTo(bytes, viewPage << DaxConstants.PageShift);
        job.Require(!bytes.ContainsAnyExcept((byte)(job.Number + 1)), "a private view does not show what was copied into it");
    }
}
