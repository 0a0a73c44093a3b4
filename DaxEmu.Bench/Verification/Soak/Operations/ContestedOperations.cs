using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Work on a file in which no thread has a page for itself: copies while it is cut off, punched, written and synced.</summary>
internal sealed class ContestedOperations(SoakJob job)
{
    private const int MostHolds = 16;

    private readonly SoakFixture fixture = job.Fixture;
    private readonly ContestedFile file = job.Fixture.Contested;
    private readonly CopyOperations copies = new(job);

    public bool CopyIn(ref StepRandom random)
    {
        (long page, long count, int way) = Choose(ref random, SoakOperation.ContestedCopyIn);
        Span<byte> bytes = job.Region.AsSpan(0, (int)count << DaxConstants.PageShift);
        file.Fill(bytes, page);
        TryAccess(() => file.Views[way].CopyFrom(job.Region.AsSpan(0, (int)count << DaxConstants.PageShift), page << DaxConstants.PageShift));
        return true;
    }

    public bool CopyOut(ref StepRandom random)
    {
        (long page, long count, int way) = Choose(ref random, SoakOperation.ContestedCopyOut);
        Span<byte> bytes = job.Region.AsSpan(0, (int)count << DaxConstants.PageShift);
        bytes.Clear();
        TryAccess(() => file.Views[way].CopyTo(job.Region.AsSpan(0, (int)count << DaxConstants.PageShift), page << DaxConstants.PageShift));
        if (ContestedFile.FindForeign(bytes, page) is { } foreign)
        {
            job.Report(FindingKind.Stale, foreign);
        }

        return true;
    }

    public bool Change(ref StepRandom random)
    {
        int what = random.Next(9);
        (long page, long count, int way) = Choose(ref random, SoakOperation.ContestedChange);
        long inPage = random.OneIn(2) ? 0 : sizeof(ulong) * random.Next(DaxConstants.PageSize / sizeof(ulong));
        long offset = (page << DaxConstants.PageShift) + inPage;
        long length = Math.Max(sizeof(ulong), (count << DaxConstants.PageShift) - (2 * inPage));
        long full = file.PageCount << DaxConstants.PageShift;
        length = Math.Min(length, full - offset);
        switch (what)
        {
            case 0:
                file.File.SetLength(offset);
                file.File.SetLength(full);
                break;
            case 1:
                file.File.PunchHole(offset, length);
                break;
            case 2:
                file.File.ZeroRange(offset, length);
                break;
            case 3:
                Span<byte> bytes = job.Region.AsSpan(0, (int)Math.Min(count, 8) << DaxConstants.PageShift);
                file.Fill(bytes, page);
                file.File.Write(bytes, page << DaxConstants.PageShift);
                break;
            case 4:
                file.File.Sync();
                break;
            case 5:
                file.Views[way].Sync(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
                break;
            case 6:
                WritebackPass.Run(file.File.Mapping, new PageRange(new PageIndex(page), count));
                break;
            case 7:
                file.File.Allocate(page << DaxConstants.PageShift, count << DaxConstants.PageShift, keepSize: true);
                break;
            default:
                file.Views[way].DontNeed(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
                break;
        }

        return true;
    }

    /// <summary>As long as a page is pinned it is the file's, whatever is cut off or punched.</summary>
    public bool Pin(ref StepRandom random)
    {
        int holds = random.Next(MostHolds);
        (long page, long count, int way) = Choose(ref random, SoakOperation.ContestedPin);
        way %= file.Views.Count - 1;
        count = Math.Min(count, 4);
        PagePin pin;
        try
        {
            pin = file.Views[way].Pin(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        }
        catch (DaxException e) when (e.Error.ToFaultResult() == FaultResult.Sigbus)
        {
            return true;
        }

        using (pin)
        {
            long[] pinned = [.. pin.Pages.SelectMany(r => Enumerable.Range(0, (int)r.PageCount).Select(i => r.First.Value + i))];
            job.Require(pinned.Length == count, $"{pinned.Length} of {count} pages were pinned");
            for (int i = 0; i < pinned.Length; i++)
            {
                file.Fill(fixture.Device.GetSpan(new Pfn(pinned[i]), 1), page + i);
            }

            CopyOperations.Yield(holds);
            for (int i = 0; i < pinned.Length; i++)
            {
                copies.RequireMapped(file.File, page + i, pinned[i]);
            }
        }

        return true;
    }

    private (long Page, long Count, int Way) Choose(ref StepRandom random, SoakOperation operation)
    {
        bool isHuge = random.OneIn(16);
        int way = random.Next(file.Views.Count);
        long page = isHuge ? 0 : random.Next(random.OneIn(2) ? 32 : file.PageCount);
        long count = Math.Min(isHuge ? DaxConstants.PagesPerPmd : 1 + random.Next(8), file.PageCount - page);
        job.Begin(operation, page, count, way);
        return (page, count, way);
    }

    // The file may end before the page at the moment.
    private static void TryAccess(Action access)
    {
        try
        {
            access();
        }
        catch (DaxException e) when (e.Error.ToFaultResult() == FaultResult.Sigbus)
        {
        }
    }
}
