using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Loads and stores through views, and what happens around faults.</summary>
internal sealed class MemoryOperations(SoakJob job)
{
    private readonly SoakFixture fixture = job.Fixture;

    public bool Store(long page, ref StepRandom random)
    {
        int way = fixture.ChooseWayToStore(ref random);
        if (!fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.Store, page, way: way);
        PageStamp stamp = fixture.Stamps.Next(page, job.Number);
        if (random.OneIn(4))
        {
            // A span does not fault again when its page was written back meanwhile: what is stored through it is flushed by hand.
            stamp.Fill(fixture.Views[way].Write(page << DaxConstants.PageShift, DaxConstants.PageSize));
            fixture.Stamps.Set(PageSide.File, page, stamp);
            fixture.Views[way].Persist(page << DaxConstants.PageShift, DaxConstants.PageSize);
            job.Promise(PageSide.File, page, 1, "by persist");
        }
        else
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            stamp.Fill(bytes);
            fixture.Views[way].CopyFrom(bytes, page << DaxConstants.PageShift);
            fixture.Stamps.Set(PageSide.File, page, stamp);
        }

        fixture.Stamps.Give(page);
        return true;
    }

    public bool Load(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.Views.Count);
        if (!fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.Load, page, way: way);
        job.Check(PageSide.File, page, fixture.Views[way].Read(page << DaxConstants.PageShift, DaxConstants.PageSize), "through a view");
        fixture.Stamps.Give(page);
        return true;
    }

    // Whichever threads have the pages: it does not matter to them what maps them.
    public bool TouchHuge(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.Views.Count);
        FaultFlags flags = FaultFlags.UserAccess | (random.OneIn(2) ? FaultFlags.Write : FaultFlags.None);
        job.Begin(SoakOperation.TouchHuge, page & ~(long)DaxConstants.ColourMask, DaxConstants.PagesPerPmd, way);
        fixture.Faults.Handler.Fault(fixture.Views[way].Area, page, flags, PageOrder.Pmd);
        return true;
    }

    public bool DropTranslations(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.Views.Count);
        long count = Math.Min(1 + random.Next(DaxConstants.PagesPerPmd), fixture.PageCount - page);
        job.Begin(SoakOperation.DropTranslations, page, count, way);
        fixture.Views[way].DontNeed(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        return true;
    }

    public bool WaitForPage(long page)
    {
        job.Begin(SoakOperation.WaitForPage, page);
        fixture.File.Mapping.Locker.WaitWithoutLocking(new PageIndex(page));
        return true;
    }

    // What a device would do: the pages' memory is used after their translations may be gone.
    public bool Pin(long page, ref StepRandom random)
    {
        int way = fixture.ChooseWayToStore(ref random);
        long count = Math.Min(random.OneIn(8) ? 64 : 1 + random.Next(4), fixture.PageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.Pin, page, count, way);
        using (PagePin pin = fixture.Views[way].Pin(page << DaxConstants.PageShift, count << DaxConstants.PageShift))
        {
            long next = page;
            foreach (PfnRange run in pin.Pages)
            {
                for (long i = 0; i < run.PageCount; i++, next++)
                {
                    Span<byte> bytes = fixture.Device.GetSpan(run.First + i, 1);
                    job.Check(PageSide.File, next, bytes, "under a pin");
                    PageStamp stamp = fixture.Stamps.Next(next, job.Number);
                    stamp.Fill(bytes);
                    fixture.Stamps.Set(PageSide.File, next, stamp);
                }
            }

            job.Require(next == page + count, $"{next - page} of {count} pages were pinned");
        }

        job.Promise(PageSide.File, page, count, "by a pin that was dropped");
        fixture.Stamps.Give(page, count);
        return true;
    }
}
