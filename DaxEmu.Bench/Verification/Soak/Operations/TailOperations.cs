using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>What changes the file's size. It is done in the file's last pages, of which the job takes all behind the first that it changes.</summary>
internal sealed class TailOperations(SoakJob job)
{
    private const int Page = DaxConstants.PageSize;

    private readonly SoakFixture fixture = job.Fixture;
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
        job.Require(fixture.File.Read(job.Buffer.AsSpan(0, 1), (fixture.PageCount << DaxConstants.PageShift) - 1) == 0, "bytes past EOF can be read");
        if (random.OneIn(4) && first < fixture.PageCount - 1)
        {
            RequireGone(fixture.PageCount - 1, random.Next(fixture.Views.Count));
        }

        Grow();
        if (inPage > 0)
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, Page);
            fixture.File.Read(bytes, first << DaxConstants.PageShift);
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

        long moved = fixture.PageCount - first - count;
        if (job.TryWriteBack(() => fixture.File.CollapseRange(first << DaxConstants.PageShift, count << DaxConstants.PageShift)))
        {
            fixture.Stamps.Copy(PageSide.File, first + count, PageSide.File, first, moved);
            fixture.Stamps.Forget(PageSide.File, first + moved, count);
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

        long moved = fixture.PageCount - first - count;
        Cut((fixture.PageCount - count) << DaxConstants.PageShift);
        if (job.TryWriteBack(() => fixture.File.InsertRange(first << DaxConstants.PageShift, count << DaxConstants.PageShift)))
        {
            fixture.Stamps.Copy(PageSide.File, first, PageSide.File, first + count, moved);
            fixture.Stamps.Forget(PageSide.File, first, count);
        }
        else
        {
            Grow();
        }

        return End(first);
    }

    private long ChooseFirst(ref StepRandom random) => fixture.TailFirst + random.Next(fixture.PageCount - fixture.TailFirst);

    // Mostly whole 2 MiB, after which the pages behind can still be mapped huge.
    private long ChooseAligned(ref StepRandom random, out long count)
    {
        if (!random.OneIn(4))
        {
            count = DaxConstants.PagesPerPmd;
            return fixture.TailFirst;
        }

        count = 1 + random.Next(16);
        return fixture.TailFirst + random.Next(fixture.PageCount - fixture.TailFirst - (2 * count));
    }

    private bool TryBegin(SoakOperation operation, long first)
    {
        if (!fixture.Stamps.TryTake(first, fixture.PageCount - first))
        {
            return false;
        }

        job.Begin(operation, first, fixture.PageCount - first);
        return true;
    }

    private bool End(long first)
    {
        file.ReadTaken(first, 1);
        file.ReadTaken(fixture.PageCount - 1, 1);
        fixture.Stamps.Give(first, fixture.PageCount - first);
        return true;
    }

    private void Cut(long sizeBytes)
    {
        fixture.File.SetLength(sizeBytes);
        long gone = PageRange.Inside(sizeBytes, 0).First.Value;
        fixture.Stamps.Forget(PageSide.File, gone, fixture.PageCount - gone);
        fixture.Stamps.Forget(PageSide.Private, gone, fixture.PageCount - gone);
        job.Require(fixture.File.Length == sizeBytes, $"the file has {fixture.File.Length} bytes instead of {sizeBytes}");
    }

    private void Grow()
    {
        long sizeBytes = fixture.PageCount << DaxConstants.PageShift;
        fixture.File.SetLength(sizeBytes);
        job.Require(fixture.File.Length == sizeBytes, $"the file has {fixture.File.Length} bytes instead of {sizeBytes}");
    }

    private void RequireGone(long page, int way)
    {
        try
        {
            fixture.Views[way].Read(page << DaxConstants.PageShift, Page);
        }
        catch (DaxException e) when (e.Error.ToFaultResult() == FaultResult.Sigbus)
        {
            return;
        }

        job.Report(FindingKind.Error, $"page {page} lies past EOF and can be reached by view {way}");
    }
}
