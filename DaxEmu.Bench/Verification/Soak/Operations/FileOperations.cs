using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>read, write, writeback, fsync.</summary>
internal sealed class FileOperations(SoakJob job)
{
    private readonly SoakFixture fixture = job.Fixture;

    public bool Write(long page, ref StepRandom random)
    {
        long count = Math.Min(1 + random.Next(4), fixture.PageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.Write, page, count);
        WriteTaken(page, count);
        fixture.Stamps.Give(page, count);
        return true;
    }

    public bool Read(long page, ref StepRandom random)
    {
        long count = Math.Min(1 + random.Next(4), fixture.PageCount - page);
        if (!fixture.Stamps.TryTake(page, count))
        {
            return false;
        }

        job.Begin(SoakOperation.Read, page, count);
        ReadTaken(page, count);
        fixture.Stamps.Give(page, count);
        return true;
    }

    public bool Writeback(long page)
    {
        PageIndex start = new PageIndex(page).PmdStart;
        job.Begin(SoakOperation.Writeback, start.Value, DaxConstants.PagesPerPmd);
        IoError error = WritebackPass.Run(fixture.File.Mapping, new PageRange(start, DaxConstants.PagesPerPmd)).Error;
        job.Require(error == IoError.None || (error == IoError.Io && fixture.AllowsPoison), $"writeback failed with {error}");
        return true;
    }

    public bool Sync()
    {
        job.Begin(SoakOperation.Sync, 0, fixture.PageCount);
        job.TryWriteBack(() => fixture.File.Sync());
        return true;
    }

    /// <summary>Writes new stamps to pages that the job has taken, at most eight.</summary>
    public void WriteTaken(long page, long count)
    {
        Span<byte> bytes = job.Buffer.AsSpan(0, (int)count << DaxConstants.PageShift);
        for (int i = 0; i < count; i++)
        {
            PageStamp stamp = fixture.Stamps.Next(page + i, job.Number);
            stamp.Fill(bytes.Slice(i << DaxConstants.PageShift, DaxConstants.PageSize));
            fixture.Stamps.Set(PageSide.File, page + i, stamp);
        }

        int written = fixture.File.Write(bytes, page << DaxConstants.PageShift);
        job.Require(written == bytes.Length, $"{written} of {bytes.Length} bytes were written");
        job.Promise(PageSide.File, page, count, "by write");
    }

    /// <summary>Reads pages that the job has taken, at most eight.</summary>
    public void ReadTaken(long page, long count)
    {
        Span<byte> bytes = job.Buffer.AsSpan(0, (int)count << DaxConstants.PageShift);
        int read = fixture.File.Read(bytes, page << DaxConstants.PageShift);
        job.Require(read == bytes.Length, $"{read} of {bytes.Length} bytes were read");
        for (int i = 0; i < count; i++)
        {
            job.Check(PageSide.File, page + i, bytes.Slice(i << DaxConstants.PageShift, DaxConstants.PageSize), "by read");
        }
    }
}
