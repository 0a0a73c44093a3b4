using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Copies through views, of a page to 2 MiB, and what makes them durable.</summary>
internal sealed class CopyOperations(SoakJob job)
{
    private const int MostHolds = 64;

    private readonly SoakFixture fixture = job.Fixture;

    /// <summary>Copies new stamps in; perhaps they are made durable, and must be at once.</summary>
    public bool CopyIn(long page, ref StepRandom random)
    {
        int way = fixture.ChooseWayToStore(ref random);
        int durable = random.Next(16);
        if (!TryTake(ref page, ref random, out long count))
        {
            return false;
        }

        job.Begin(SoakOperation.CopyIn, page, count, way);
        DaxView view = fixture.Views[way];
        StoreTaken(view, page, page, count);
        MakeDurable(view, page, page, count, durable);
        fixture.Stamps.Give(page, count);
        return true;
    }

    /// <summary>Copies pages out and compares them.</summary>
    public bool CopyOut(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.Views.Count);
        if (!TryTake(ref page, ref random, out long count))
        {
            return false;
        }

        job.Begin(SoakOperation.CopyOut, page, count, way);
        LoadTaken(fixture.Views[way], page, page, count);
        fixture.Stamps.Give(page, count);
        return true;
    }

    /// <summary>A store whose page others may be faulting in, then a sync: if that succeeds, the store is durable.</summary>
    public bool StoreAndSync(long page, ref StepRandom random)
    {
        int way = fixture.ChooseWayToStore(ref random);
        int durable = 1 + random.Next(2);
        if (!fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.StoreAndSync, page, way: way);
        StoreTaken(fixture.Views[way], page, page, 1);
        MakeDurable(fixture.Views[way], page, page, 1, durable);
        fixture.Stamps.Give(page);
        return true;
    }

    /// <summary>Holds a pin while others work on the pages beside it. The memory is the file's until it is dropped.</summary>
    public bool HoldPin(long page, ref StepRandom random)
    {
        int way = fixture.ChooseWayToStore(ref random);
        int holds = random.Next(MostHolds);
        long count = Math.Min(1 + random.Next(4), fixture.PageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.HoldPin, page, count, way);
        using (PagePin pin = fixture.Views[way].Pin(page << DaxConstants.PageShift, count << DaxConstants.PageShift))
        {
            long[] pinned = [.. pin.Pages.SelectMany(r => Enumerable.Range(0, (int)r.PageCount).Select(i => r.First.Value + i))];
            job.Require(pinned.Length == count, $"{pinned.Length} of {count} pages were pinned");
            for (int i = 0; i < pinned.Length; i++)
            {
                PageStamp stamp = fixture.Stamps.Next(page + i, job.Number);
                stamp.Fill(fixture.Device.GetSpan(new Pfn(pinned[i]), 1));
                fixture.Stamps.Set(PageSide.File, page + i, stamp);
            }

            Yield(holds);
            for (int i = 0; i < pinned.Length; i++)
            {
                job.Check(PageSide.File, page + i, fixture.Device.GetSpan(new Pfn(pinned[i]), 1), "under a pin that was held");
                RequireMapped(fixture.File, page + i, pinned[i]);
            }
        }

        job.Promise(PageSide.File, page, count, "by a pin that was dropped");
        fixture.Stamps.Give(page, count);
        return true;
    }

    /// <summary>A page that is pinned is the file's, and its entry stands.</summary>
    public void RequireMapped(DaxFile file, long page, long pfn)
    {
        var index = new PageIndex(page);
        Extent extent = file.Extents.Find(index, 1, ExtentIntent.Read).Source;
        job.Require(
            !extent.ReadsAsZeroes && extent.PfnAt(index).Value == pfn,
            $"device page {pfn} is pinned as page {page} of the {fixture.NameOf(file)}, whose extent is {extent} now");
    }

    /// <summary>Lets others work for a while.</summary>
    public static void Yield(int times)
    {
        for (int i = 0; i < times; i++)
        {
            Thread.Yield();
        }
    }

    /// <summary>Copies new stamps into pages that the job has taken.</summary>
    /// <param name="view">The view.</param>
    /// <param name="viewPage">Where the pages begin in it.</param>
    /// <param name="page">The first page.</param>
    /// <param name="count">At most 512.</param>
    public void StoreTaken(DaxView view, long viewPage, long page, long count)
    {
        Span<byte> bytes = BufferOf(count);
        for (int i = 0; i < count; i++)
        {
            PageStamp stamp = fixture.Stamps.Next(page + i, job.Number);
            stamp.Fill(bytes.Slice(i << DaxConstants.PageShift, DaxConstants.PageSize));
            fixture.Stamps.Set(PageSide.File, page + i, stamp);
        }

        view.CopyFrom(bytes, viewPage << DaxConstants.PageShift);
    }

    /// <summary>Copies out of pages that the job has taken, and compares.</summary>
    public void LoadTaken(DaxView view, long viewPage, long page, long count)
    {
        Span<byte> bytes = BufferOf(count);
        view.CopyTo(bytes, viewPage << DaxConstants.PageShift);
        for (int i = 0; i < count; i++)
        {
            job.Check(PageSide.File, page + i, bytes.Slice(i << DaxConstants.PageShift, DaxConstants.PageSize), "copied out of a view");
        }
    }

    /// <summary>Makes pages that the job has taken durable in one of some ways, or in none, and looks at once.</summary>
    public void MakeDurable(DaxView view, long viewPage, long page, long count, int way)
    {
        long offset = viewPage << DaxConstants.PageShift;
        long length = count << DaxConstants.PageShift;
        switch (way)
        {
            case 0:
                view.Persist(offset, length);
                job.Promise(PageSide.File, page, count, "by persist");
                break;
            case 1 when job.TryWriteBack(() => view.Sync(offset, length)):
                job.Promise(PageSide.File, page, count, "by a sync of its view");
                break;
            case 2 when job.TryWriteBack(() => fixture.File.Sync()):
                job.Promise(PageSide.File, page, count, "by a sync of the file");
                break;
            default:
                break;
        }
    }

    private Span<byte> BufferOf(long count) =>
        (count <= 8 ? job.Buffer : job.Region).AsSpan(0, (int)count << DaxConstants.PageShift);

    // Up to eight pages, and now and then 2 MiB.
    private bool TryTake(ref long page, ref StepRandom random, out long count)
    {
        bool isHuge = random.OneIn(64);
        page = isHuge ? new PageIndex(page).PmdStart.Value : page;
        count = isHuge ? DaxConstants.PagesPerPmd : Math.Min(1 + random.Next(8), fixture.PageCount - page);
        return fixture.Stamps.TryTake(page, count);
    }
}
