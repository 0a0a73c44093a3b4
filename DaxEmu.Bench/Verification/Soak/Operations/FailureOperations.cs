using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>Lost memory, and the lock that its handler takes.</summary>
internal sealed class FailureOperations(SoakJob job)
{
    private const int MostYields = 4;

    private readonly SoakFixture fixture = job.Fixture;
    private readonly FileOperations file = new(job);

    /// <summary>From a device page to its entry at this moment, whichever thread has the page.</summary>
    /// <remarks>Holds it for a while, as a handler of lost memory does: others run into a lock that they would seldom meet otherwise.</remarks>
    public bool LockByPage(long page, ref StepRandom random)
    {
        int patience = random.Next(MostYields);
        EntrySnapshot seen = fixture.File.Mapping.Entries[new PageIndex(page)];
        if (!seen.IsPresent || !seen.Entry.IsReal)
        {
            return false;
        }

        job.Begin(SoakOperation.LockByPage, page);
        Pfn pfn = seen.Entry.Pfn + (page - seen.Start.Value);
        if (MemoryFailure.LockPage(fixture.Device, pfn, fixture.Holders) is { } held)
        {
            long inEntry = held.Page.Value - held.Held.Start.Value;
            job.Require(
                held.Held.Entry.IsReal && held.Held.Entry.Pfn + inEntry == pfn,
                $"device page {pfn} was asked for, and {held.Held.Entry} at page {held.Held.Start} was locked for page {held.Page}");
            for (int i = 0; i < patience; i++)
            {
                Thread.Yield();
            }

            held.Dispose();
        }

        return true;
    }

    /// <summary>A page is lost: it cannot be read, in whatever way, until it is written as a whole or punched.</summary>
    public bool Poison(long page, ref StepRandom random)
    {
        int way = random.Next(fixture.Views.Count);
        bool isPunched = random.OneIn(4);
        if (!fixture.AllowsPoison || !fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.Poison, page, way: way);
        file.WriteTaken(page, 1);
        return Lose(page, way, isPunched);
    }

    /// <summary>The same with a page that needs writeback, which cannot be had before the poison is cleared.</summary>
    public bool PoisonDirty(long page, ref StepRandom random)
    {
        int way = fixture.ChooseWayToStore(ref random);
        bool isPunched = random.OneIn(4);
        bool isSynced = random.OneIn(2);
        if (!fixture.AllowsPoison || !fixture.Stamps.TryTake(page))
        {
            return false;
        }

        job.Begin(SoakOperation.PoisonDirty, page, way: way);
        Span<byte> bytes = job.Buffer.AsSpan(0, DaxConstants.PageSize);
        PageStamp stamp = fixture.Stamps.Next(page, job.Number);
        stamp.Fill(bytes);
        fixture.Views[way].CopyFrom(bytes, page << DaxConstants.PageShift);
        fixture.Stamps.Set(PageSide.File, page, stamp);
        return Lose(page, way, isPunched, isSynced);
    }

    private bool Lose(long page, int way, bool isPunched, bool isSynced = false)
    {
        fixture.File.InjectPoison(page << DaxConstants.PageShift);
        if (isSynced)
        {
            job.TryWriteBack(() => fixture.File.Sync());
        }

        job.Require(IsRefusedByRead(page), $"page {page} is lost and can be read");
        job.Require(IsRefusedByView(page, way), $"page {page} is lost and can be reached by view {way}");
        if (isPunched)
        {
            fixture.File.PunchHole(page << DaxConstants.PageShift, DaxConstants.PageSize);
            fixture.Stamps.Forget(PageSide.File, page, 1);
        }
        else
        {
            file.WriteTaken(page, 1);
        }

        file.ReadTaken(page, 1);
        fixture.Stamps.Give(page);
        return true;
    }

    private bool IsRefusedByRead(long page)
    {
        try
        {
            fixture.File.Read(job.Buffer.AsSpan(0, DaxConstants.PageSize), page << DaxConstants.PageShift);
            return false;
        }
        catch (DaxException e) when (e.Errno == IoError.Io.Errno())
        {
            return true;
        }
    }

    private bool IsRefusedByView(long page, int way)
    {
        try
        {
            fixture.Views[way].Read(page << DaxConstants.PageShift, DaxConstants.PageSize);
            return false;
        }
        catch (DaxException e) when (e.Error == IoError.Poison)
        {
            return true;
        }
    }
}
