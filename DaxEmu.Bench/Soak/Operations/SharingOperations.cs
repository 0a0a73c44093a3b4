using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak.Operations;

/// <summary>Blocks that the two files share until one of them is written. A page of the second file belongs to who has the first one's.</summary>
internal sealed class SharingOperations(SoakJob job)
{
    private readonly SoakWorld world = job.World;

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
            if (job.TryWriteBack(() => world.Clone.CloneRange(offset, length, world.File, offset)))
            {
                world.Stamps.Copy(PageSide.Clone, page, PageSide.File, page, count);
            }
        }
        else if (job.TryWriteBack(() => world.File.CloneRange(offset, length, world.Clone, offset)))
        {
            world.Stamps.Copy(PageSide.File, page, PageSide.Clone, page, count);
        }

        return End(page, count);
    }

    public bool CloneStore(long page, ref StepRandom random)
    {
        int way = random.Next(world.CloneViews.Count + 1);
        if (!TryBegin(SoakOperation.CloneStore, ref page, 1, out long count, way))
        {
            return false;
        }

        long offset = page << DaxConstants.PageShift;
        PageStamp stamp = world.Stamps.Next(page, job.Number);
        if (way == world.CloneViews.Count)
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            stamp.Fill(bytes);
            world.Clone.Write(offset, bytes);
            world.Stamps.Set(PageSide.Clone, page, stamp);
            job.Promise(PageSide.Clone, page, 1, "by write");
        }
        else
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            stamp.Fill(bytes);
            world.CloneViews[way].CopyFrom(offset, bytes);
            world.Stamps.Set(PageSide.Clone, page, stamp);
        }

        return End(page, count);
    }

    public bool CloneLoad(long page, ref StepRandom random)
    {
        int way = random.Next(world.CloneViews.Count + 1);
        if (!TryBegin(SoakOperation.CloneLoad, ref page, 1, out long count, way))
        {
            return false;
        }

        long offset = page << DaxConstants.PageShift;
        if (way == world.CloneViews.Count)
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            world.Clone.Read(offset, bytes);
            job.Check(PageSide.Clone, page, bytes, "by read");
        }
        else
        {
            job.Check(PageSide.Clone, page, world.CloneViews[way].Read(offset, DaxConstants.PageSize), "through a view");
        }

        return End(page, count);
    }

    public bool ClonePunch(long page, ref StepRandom random)
    {
        if (!TryBegin(SoakOperation.ClonePunch, ref page, random.OneIn(2) ? DaxConstants.PagesPerPmd : 1 + random.Next(16), out long count))
        {
            return false;
        }

        world.Clone.PunchHole(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        world.Stamps.Forget(PageSide.Clone, page, count);
        return End(page, count);
    }

    public bool Unshare(long page, ref StepRandom random)
    {
        if (!TryBegin(SoakOperation.Unshare, ref page, 1 + random.Next(16), out long count))
        {
            return false;
        }

        world.File.Unshare(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
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
        while (alike < count && world.Stamps.Shown(PageSide.File, page + alike) == world.Stamps.Shown(PageSide.Clone, page + alike))
        {
            alike++;
        }

        long offset = page << DaxConstants.PageShift;
        long found = world.File.Compare(offset, world.Clone, offset, count << DaxConstants.PageShift);
        job.Require(
            found >> DaxConstants.PageShift == alike, $"the files are alike for {found} bytes from page {page} on, instead of {alike} pages");
        return End(page, count);
    }

    // Pages that the second file does not have are folded onto those that it has.
    private bool TryBegin(SoakOperation operation, ref long page, long wanted, out long count, int way = -1)
    {
        page %= world.ClonePageCount;
        if (wanted == DaxConstants.PagesPerPmd)
        {
            page = new PageIndex(page).PmdStart.Value;
        }

        count = Math.Min(wanted, world.ClonePageCount - page);
        if (!world.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(operation, page, count, way);
        return true;
    }

    private bool End(long page, long count)
    {
        world.Stamps.Give(page, count);
        return true;
    }
}
