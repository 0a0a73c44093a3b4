using DaxEmu.Core.Files;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak.Operations;

/// <summary>Loads and stores through views, and what happens around faults.</summary>
internal sealed class MemoryOperations(SoakJob job)
{
    private readonly SoakWorld world = job.World;

    public bool Store(long page, ref StepRandom random)
    {
        int way = world.ChooseWayToStore(ref random);
        if (!world.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.Store, page, way: way);
        PageStamp stamp = world.Stamps.Next(page, job.Number);
        if (random.OneIn(4))
        {
            // A span does not fault again when its page was written back meanwhile: what is stored through it is flushed by hand.
            stamp.Fill(world.Views[way].Write(page << DaxConstants.PageShift, DaxConstants.PageSize));
            world.Stamps.Set(PageSide.File, page, stamp);
            world.Views[way].Persist(page << DaxConstants.PageShift, DaxConstants.PageSize);
            job.Promise(PageSide.File, page, 1, "by persist");
        }
        else
        {
            Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
            stamp.Fill(bytes);
            world.Views[way].CopyFrom(page << DaxConstants.PageShift, bytes);
            world.Stamps.Set(PageSide.File, page, stamp);
        }

        world.Stamps.Give(page);
        return true;
    }

    public bool Load(long page, ref StepRandom random)
    {
        int way = random.Next(world.Views.Count);
        if (!world.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.Load, page, way: way);
        job.Check(PageSide.File, page, world.Views[way].Read(page << DaxConstants.PageShift, DaxConstants.PageSize), "through a view");
        world.Stamps.Give(page);
        return true;
    }

    // Whoever has the pages: it is no affair of theirs what maps them.
    public bool TouchHuge(long page, ref StepRandom random)
    {
        int way = random.Next(world.Views.Count);
        FaultFlags flags = FaultFlags.UserTouch | (random.OneIn(2) ? FaultFlags.Write : FaultFlags.None);
        job.Begin(SoakOperation.TouchHuge, page & ~(long)DaxConstants.ColourMask, DaxConstants.PagesPerPmd, way);
        world.Faults.Handler.Fault(world.Views[way].Area, page, flags, PageOrder.Pmd);
        return true;
    }

    public bool DropTranslations(long page, ref StepRandom random)
    {
        int way = random.Next(world.Views.Count);
        long count = Math.Min(1 + random.Next(DaxConstants.PagesPerPmd), world.PageCount - page);
        job.Begin(SoakOperation.DropTranslations, page, count, way);
        world.Views[way].DontNeed(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        return true;
    }

    public bool WaitForPage(long page)
    {
        job.Begin(SoakOperation.WaitForPage, page);
        world.File.Mapping.Locker.WaitWithoutClaim(new PageIndex(page));
        return true;
    }

    // What a device would do: the pages' memory is used after their translations may be gone.
    public bool Pin(long page, ref StepRandom random)
    {
        int way = world.ChooseWayToStore(ref random);
        long count = Math.Min(random.OneIn(8) ? 64 : 1 + random.Next(4), world.PageCount - page);
        if (!world.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.Pin, page, count, way);
        using (PinLease lease = world.Views[way].Pin(page << DaxConstants.PageShift, count << DaxConstants.PageShift))
        {
            long next = page;
            foreach (PfnRange run in lease.Pages)
            {
                for (long i = 0; i < run.PageCount; i++, next++)
                {
                    Span<byte> bytes = world.Device.GetSpan(run.First + i, 1);
                    job.Check(PageSide.File, next, bytes, "under a pin");
                    PageStamp stamp = world.Stamps.Next(next, job.Number);
                    stamp.Fill(bytes);
                    world.Stamps.Set(PageSide.File, next, stamp);
                }
            }

            job.Require(next == page + count, $"{next - page} of {count} pages were pinned");
        }

        job.Promise(PageSide.File, page, count, "by a pin that was dropped");
        world.Stamps.Give(page, count);
        return true;
    }
}
