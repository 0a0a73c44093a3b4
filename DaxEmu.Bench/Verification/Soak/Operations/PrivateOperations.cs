using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Private copies: they show the file until they are stored to, and then stay as they are until they are forgotten or cut off.</summary>
internal sealed class PrivateOperations(SoakJob job)
{
    private const int MostForgotten = 32;

    private readonly SoakFixture fixture = job.Fixture;

    public bool Store(long page)
    {
        if (!fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.PrivateStore, page);
        Span<byte> bytes = fixture.PrivateView.Write(page << DaxConstants.PageShift, DaxConstants.PageSize);
        job.Check(PageSide.Private, page, bytes, "in a fresh copy");
        PageStamp stamp = fixture.Stamps.Next(page, job.Number);
        stamp.Fill(bytes);
        fixture.Stamps.Set(PageSide.Private, page, stamp);
        fixture.Stamps.Give(page);
        return true;
    }

    public bool Load(long page)
    {
        if (!fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.PrivateLoad, page);
        job.Check(
            PageSide.Private, page, fixture.PrivateView.Read(page << DaxConstants.PageShift, DaxConstants.PageSize), "through the private view");
        fixture.Stamps.Give(page);
        return true;
    }

    public bool Forget(long page, ref StepRandom random)
    {
        long count = Math.Min(1 + random.Next(MostForgotten), fixture.PageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.PrivateForget, page, count);
        fixture.PrivateView.DontNeed(page << DaxConstants.PageShift, count << DaxConstants.PageShift);
        fixture.Stamps.Forget(PageSide.Private, page, count);
        fixture.Stamps.Give(page, count);
        return true;
    }
}
