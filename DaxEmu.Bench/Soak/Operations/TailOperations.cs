using DaxEmu.Core.Faults;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak.Operations;

/// <summary>What changes the file's size. It is done in the file's last pages, of which the job takes all behind the first that it changes.</summary>
internal sealed class TailOperations(SoakJob job)
{
    private const int Page = DaxConstants.PageSize;

    private readonly SoakWorld world = job.World;
    private readonly FileOperations file = new(job);

    /// <summary>Truncates, sees that the rest is gone, lets the file grow again, sees that nothing came back.</summary>
    public bool Truncate(ref StepRandom random)
    {
        long first = ChooseFirst(ref random);
        int inPage = random.OneIn(2) ? 0 : sizeof(ulong) * random.Next(Page / sizeof(ulong));
        if (!TryBegin(SoakOperation.Truncate, first))
        {
            return false;
        }

        Cut((first << DaxConstants.PageShift) + inPage);
        job.Require(world.File.Read((world.PageCount << DaxConstants.PageShift) - 1, job.Buffer.AsSpan(0, 1)) == 0, "bytes behind the end can be read");
        if (random.OneIn(4) && first < world.PageCount - 1)
        {
            RequireGone(world.PageCount - 1, random.Next(world.Views.Count));
        }

        Grow();
        if (inPage > 0)
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, Page);
            world.File.Read(first << DaxConstants.PageShift, bytes);
            job.Check(PageSide.File, first, bytes[..inPage], "before the cut");
            job.Require(!bytes[inPage..].ContainsAnyExcept((byte)0), $"bytes behind {inPage} of page {first} came back after a truncate");
            file.WriteTaken(first, 1);
        }

        return End(first);
    }

    /// <summary>Takes a range out and lets the file grow again by as much.</summary>
    public bool Collapse(ref StepRandom random)
    {
        long first = ChooseAligned(ref random, out long count);
        if (!TryBegin(SoakOperation.Collapse, first))
        {
            return false;
        }

        long moved = world.PageCount - first - count;
        if (job.TryWriteBack(() => world.File.CollapseRange(first << DaxConstants.PageShift, count << DaxConstants.PageShift)))
        {
            world.Stamps.Copy(PageSide.File, first + count, PageSide.File, first, moved);
            world.Stamps.Forget(PageSide.File, first + moved, count);
        }

        Grow();
        return End(first);
    }

    /// <summary>Cuts off as much as is then inserted.</summary>
    public bool Insert(ref StepRandom random)
    {
        long first = ChooseAligned(ref random, out long count);
        if (!TryBegin(SoakOperation.Insert, first))
        {
            return false;
        }

        long moved = world.PageCount - first - count;
        Cut((world.PageCount - count) << DaxConstants.PageShift);
        if (job.TryWriteBack(() => world.File.InsertRange(first << DaxConstants.PageShift, count << DaxConstants.PageShift)))
        {
            world.Stamps.Copy(PageSide.File, first, PageSide.File, first + count, moved);
            world.Stamps.Forget(PageSide.File, first, count);
        }
        else
        {
            Grow();
        }

        return End(first);
    }

    private long ChooseFirst(ref StepRandom random) => world.TailFirst + random.Next(world.PageCount - world.TailFirst);

    // Mostly whole 2 MiB, after which the pages behind can still be mapped huge.
    private long ChooseAligned(ref StepRandom random, out long count)
    {
        if (!random.OneIn(4))
        {
            count = DaxConstants.PagesPerPmd;
            return world.TailFirst;
        }

        count = 1 + random.Next(16);
        return world.TailFirst + random.Next(world.PageCount - world.TailFirst - (2 * count));
    }

    private bool TryBegin(SoakOperation operation, long first)
    {
        if (!world.Stamps.TryTake(first, world.PageCount - first))
        {
            return false;
        }

        job.Begin(operation, first, world.PageCount - first);
        return true;
    }

    private bool End(long first)
    {
        file.ReadTaken(first, 1);
        file.ReadTaken(world.PageCount - 1, 1);
        world.Stamps.Give(first, world.PageCount - first);
        return true;
    }

    private void Cut(long sizeBytes)
    {
        world.File.SetLength(sizeBytes);
        long gone = PageRange.Inside(sizeBytes, 0).First.Value;
        world.Stamps.Forget(PageSide.File, gone, world.PageCount - gone);
        world.Stamps.Forget(PageSide.Private, gone, world.PageCount - gone);
        job.Require(world.File.SizeBytes == sizeBytes, $"the file has {world.File.SizeBytes} bytes instead of {sizeBytes}");
    }

    private void Grow()
    {
        long sizeBytes = world.PageCount << DaxConstants.PageShift;
        world.File.SetLength(sizeBytes);
        job.Require(world.File.SizeBytes == sizeBytes, $"the file has {world.File.SizeBytes} bytes instead of {sizeBytes}");
    }

    private void RequireGone(long page, int way)
    {
        try
        {
            world.Views[way].Read(page << DaxConstants.PageShift, Page);
        }
        catch (DaxFaultException e) when (e.Result == TouchResult.Sigbus)
        {
            return;
        }

        job.Report(FindingKind.Error, $"page {page} lies behind the end and can be reached by view {way}");
    }
}
