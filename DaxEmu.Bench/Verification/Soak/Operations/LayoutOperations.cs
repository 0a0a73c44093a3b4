using DaxEmu.Core;
using DaxEmu.Core.Mm;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>What takes entries or blocks out of the file, its size staying as it is.</summary>
internal sealed class LayoutOperations(SoakJob job)
{
    private const int MostInvalidated = 64;

    private readonly SoakFixture fixture = job.Fixture;
    private readonly FileOperations file = new(job);

    // Clean entries may go at any time, whichever threads have their pages.
    public bool Invalidate(long page, ref StepRandom random)
    {
        var range = new PageRange(new PageIndex(page), Math.Min(1 + random.Next(MostInvalidated), fixture.PageCount - page));
        job.Begin(SoakOperation.Invalidate, range.First.Value, range.PageCount);
        AddressSpace mapping = fixture.File.Mapping;
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        mapping.Unmap(range);
        Invalidator.InvalidateRangeIfClean(mapping, range);
        return true;
    }

    public bool PunchHuge(long page)
    {
        long first = new PageIndex(page).PmdStart.Value;
        if (!fixture.Stamps.TryTake(first, DaxConstants.PagesPerPmd))
        {
            return false;
        }

        job.Begin(SoakOperation.PunchHuge, first, DaxConstants.PagesPerPmd);
        fixture.File.PunchHole(first << DaxConstants.PageShift, DaxConstants.PmdSize);
        fixture.Stamps.Forget(PageSide.File, first, DaxConstants.PagesPerPmd);
        fixture.Stamps.Give(first, DaxConstants.PagesPerPmd);
        return true;
    }

    public bool Punch(long page, ref StepRandom random) => Clear(SoakOperation.Punch, page, ref random);

    public bool ZeroRange(long page, ref StepRandom random) => Clear(SoakOperation.ZeroRange, page, ref random);

    // Fills holes only, and what it fills reads as zeroes as the holes did.
    public bool Allocate(long page, ref StepRandom random)
    {
        long count = Math.Min(1 + random.Next(DaxConstants.PagesPerPmd), fixture.PageCount - page);
        job.Begin(SoakOperation.Allocate, page, count);
        fixture.File.Allocate(page << DaxConstants.PageShift, count << DaxConstants.PageShift, keepSize: true);
        return true;
    }

    private bool Clear(SoakOperation operation, long page, ref StepRandom random)
    {
        bool isPart = random.OneIn(3);
        int way = random.Next(fixture.Views.Count);
        long count = isPart ? 1 : Math.Min(1 + random.Next(8), fixture.PageCount - page);
        int from = isPart ? random.Next(DaxConstants.PageSize / sizeof(ulong)) * sizeof(ulong) : 0;
        int length = isPart ? sizeof(ulong) * (1 + random.Next((DaxConstants.PageSize - from) / sizeof(ulong))) : (int)count << DaxConstants.PageShift;
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(operation, page, count);
        long offset = (page << DaxConstants.PageShift) + from;
        if (operation == SoakOperation.Punch)
        {
            fixture.File.PunchHole(offset, length);
        }
        else
        {
            fixture.File.ZeroRange(offset, length);
        }

        if (isPart)
        {
            CheckCleared(page, from, length);
        }
        else
        {
            fixture.Stamps.Forget(PageSide.File, page, count);

            // Through a view, so that a new entry stands at once where the old one was.
            ReadOnlySpan<byte> bytes = fixture.Views[way].Read(page << DaxConstants.PageShift, DaxConstants.PageSize);
            job.Check(PageSide.File, page, bytes, "through a view after it was cleared");
        }

        fixture.Stamps.Give(page, count);
        return true;
    }

    // A page of two halves is compared at once and written anew, since its stamp no longer says what it holds.
    private void CheckCleared(long page, int from, int length)
    {
        Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
        fixture.File.Read(bytes, page << DaxConstants.PageShift);
        job.Check(PageSide.File, page, bytes[..from], "before the cleared part");
        job.Check(PageSide.File, page, bytes[(from + length)..], "behind the cleared part");
        job.Require(!bytes.Slice(from, length).ContainsAnyExcept((byte)0), $"bytes {from} + {length} of page {page} are not zero");
        file.WriteTaken(page, 1);
    }
}
