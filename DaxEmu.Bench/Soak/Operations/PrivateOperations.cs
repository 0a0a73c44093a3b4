using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak.Operations;

/// <summary>Private copies: they show the file until they are stored to, and then stay as they are until they are forgotten or cut off.</summary>
internal sealed class PrivateOperations(SoakJob job)
{
    private const int MostForgotten = 32;

    private readonly SoakWorld world = job.World;

    public bool Store(long page)
    {
        if (!world.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.PrivateStore, page);
        Span<byte> bytes = world.PrivateView.Write(page << DaxConstants.PageShift, DaxConstants.PageSize);
        job.Check(PageSide.Private, page, bytes, "in a fresh copy");
        PageStamp stamp = world.Stamps.Next(page, job.Number);
        stamp.Fill(bytes);
        world.Stamps.Set(PageSide.Private, page, stamp);
        world.Stamps.Give(page);
        return true;
    }

    public bool Load(long page)
    {
        if (!world.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.PrivateLoad, page);
        job.Check(
            PageSide.Private, page, world.PrivateView.Read(page << DaxConstants.PageShift, DaxConstants.PageSize), "through the private view");
        world.Stamps.Give(page);
        return true;
    }

    public bool Forget(long page, ref StepRandom random)
    {
        long count = Math.Min(1 + random.Next(MostForgotten), world.PageCount - page);
        if (!world.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.PrivateForget, page, count);
        world.PrivateView.DontNeed(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        world.Stamps.Forget(PageSide.Private, page, count);
        world.Stamps.Give(page, count);
        return true;
    }
}
