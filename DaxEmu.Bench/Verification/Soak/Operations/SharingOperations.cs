using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Blocks that the two files share until one of them is written. The thread that has a page of the first file has that of the second one, too.</summary>
internal sealed class SharingOperations(SoakJob job)
{
    private readonly SoakFixture fixture = job.Fixture;

    /// <summary>Makes one file show the other's blocks.</summary>
    public bool Share(long page, ref StepRandom random)
    {
        bool isBack = random.OneIn(4);
        if (!TryBegin(SoakOperation.Share, ref page, random.OneIn(8) ? DaxConstants.PagesPerPmd : 1 + random.Next(16), out long count))
        {
            return false;
        }

        long offset = page << DaxConstants.PageShift;
        long length = count << DaxConstants.PageShift;
        if (isBack)
        {
            if (job.TryWriteBack(() => fixture.Clone.CloneRange(offset, length, fixture.File, offset)))
            {
                fixture.Stamps.Copy(PageSide.Clone, page, PageSide.File, page, count);
            }
        }
        else if (job.TryWriteBack(() => fixture.File.CloneRange(offset, length, fixture.Clone, offset)))
        {
            fixture.Stamps.Copy(PageSide.File, page, PageSide.Clone, page, count);
        }

        return End(page, count);
    }

    public bool CloneStore(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.CloneViews.Count + 1);
        if (!TryBegin(SoakOperation.CloneStore, ref page, 1, out long count, way))
        {
            return false;
        }

        long offset = page << DaxConstants.PageShift;
        PageStamp stamp = fixture.Stamps.Next(page, job.Number);
        if (way == fixture.CloneViews.Count)
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            stamp.Fill(bytes);
            fixture.Clone.Write(bytes, offset);
            fixture.Stamps.Set(PageSide.Clone, page, stamp);
            job.Promise(PageSide.Clone, page, 1, "by write");
        }
        else
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            stamp.Fill(bytes);
            fixture.CloneViews[way].CopyFrom(bytes, offset);
            fixture.Stamps.Set(PageSide.Clone, page, stamp);
        }

        return End(page, count);
    }

    public bool CloneLoad(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.CloneViews.Count + 1);
        if (!TryBegin(SoakOperation.CloneLoad, ref page, 1, out long count, way))
        {
            return false;
        }

        long offset = page << DaxConstants.PageShift;
        if (way == fixture.CloneViews.Count)
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            fixture.Clone.Read(bytes, offset);
            job.Check(PageSide.Clone, page, bytes, "by read");
        }
        else
        {
            job.Check(PageSide.Clone, page, fixture.CloneViews[way].Read(offset, DaxConstants.PageSize), "through a view");
        }

        return End(page, count);
    }

    public bool ClonePunch(long page, ref StepRandom random)
    {
        if (!TryBegin(SoakOperation.ClonePunch, ref page, random.OneIn(2) ? DaxConstants.PagesPerPmd : 1 + random.Next(16), out long count))
        {
            return false;
        }

        fixture.Clone.PunchHole(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        fixture.Stamps.Forget(PageSide.Clone, page, count);
        return End(page, count);
    }

    public bool Unshare(long page, ref StepRandom random)
    {
        if (!TryBegin(SoakOperation.Unshare, ref page, 1 + random.Next(16), out long count))
        {
            return false;
        }

        fixture.File.Unshare(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        return End(page, count);
    }

    /// <summary>Compares the two files up to the first page in which they must differ.</summary>
    public bool Compare(long page, ref StepRandom random)
    {
        if (!TryBegin(SoakOperation.Compare, ref page, 1 + random.Next(4), out long count))
        {
            return false;
        }

        long alike = 0;
        while (alike < count && fixture.Stamps.Shown(PageSide.File, page + alike) == fixture.Stamps.Shown(PageSide.Clone, page + alike))
        {
            alike++;
        }

        long offset = page << DaxConstants.PageShift;
        long found = fixture.File.Compare(offset, fixture.Clone, offset, count << DaxConstants.PageShift);
        job.Require(
            found >> DaxConstants.PageShift == alike, $"the files are alike for {found} bytes from page {page} on, instead of {alike} pages");
        return End(page, count);
    }

    // Pages that the second file does not have are folded onto those that it has.
    private bool TryBegin(SoakOperation operation, ref long page, long wanted, out long count, int way = -1)
    {
        page %= fixture.ClonePageCount;
        if (wanted == DaxConstants.PagesPerPmd)
        {
            page = new PageIndex(page).PmdStart.Value;
        }

        count = Math.Min(wanted, fixture.ClonePageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(operation, page, count, way);
        return true;
    }

    private bool End(long page, long count)
    {
        fixture.Stamps.Give(page, count);
        return true;
    }
}
