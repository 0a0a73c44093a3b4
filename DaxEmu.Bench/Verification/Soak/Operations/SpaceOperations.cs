using DaxEmu.Bench.Verification.Soak.Checks;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Operations;

/// <summary>What fails as a whole: on a full device, on lost memory, where it is refused. And files that come and go.</summary>
internal sealed class SpaceOperations(SoakJob job)
{
    private const int PageSize = DaxConstants.PageSize;

    // A small file: pages 0 to 3 are written (and shared, on a full device), 4 and 5 are a hole, 6 to 9 are dirty, 10 and 11 are a hole.
    private const int FilePages = 12;
    private const int WrittenPages = 4;
    private const int HolePage = 4;
    private const int DirtyPage = 6;
    private const int DirtyPages = 4;
    private const int CutPage = 2;
    private const int InPage = 104;
    private const int Enospc = 28;

    private readonly SoakFixture fixture = job.Fixture;
    private readonly SmallVolume small = job.Fixture.Small;
    private int version;

    /// <summary>A file that is closed while a page of it is pinned: the memory stays as it is until the pin is dropped, and comes back then.</summary>
    public bool TemporaryFile(ref StepRandom random)
    {
        int count = 1 + random.Next(8);
        int holds = random.Next(16);
        job.Begin(SoakOperation.TemporaryFile, 0, count);
        DaxFile file = fixture.Volume.CreateTemporary((long)count << DaxConstants.PageShift, DaxFileOptions.Default with
        {
            Waits = fixture.Waits,
            Profile = fixture.Profile,
            MaximumSizeBytes = (long)count << DaxConstants.PageShift,
        });
        byte[] bytes = Stamped(0, count);
        DaxView view = file.Map();
        view.CopyFrom(bytes, 0);
        using (PagePin pin = view.Pin(0, bytes.Length))
        {
            file.Dispose();
            CopyOperations.Yield(holds);
            int at = 0;
            foreach (PfnRange run in pin.Pages)
            {
                int length = (int)run.PageCount << DaxConstants.PageShift;
                job.Require(
                    fixture.Device.GetSpan(run.First, run.PageCount).SequenceEqual(bytes.AsSpan(at, length)),
                    $"device pages {run} changed under a pin after their file was closed");
                at += length;
            }
        }

        job.Require(fixture.Volume.FreeBytes >= 0, "less than nothing is free");
        return true;
    }

    /// <summary>Blocks that no file has any more stay as they are while they are pinned, and are free when they are not, without any operation on a file.</summary>
    public bool PinnedBlocks() => WithSmallVolume(SoakOperation.PinnedBlocks, () =>
    {
        using DaxFile file = Prepare(FileSystemModel.Xfs, out byte[] expected);
        using DaxFile sharer = small.Create(FilePages * PageSize, FileSystemModel.Xfs);
        file.CloneRange(0, WrittenPages * PageSize, sharer, 0);
        byte[] old = expected[..(WrittenPages * PageSize)];
        long free = small.Volume.FreeBytes;
        using (PagePin pin = file.Map().Pin(0, old.Length, forWriting: false))
        {
            // A write gets blocks of its own, and the clone gives the pinned ones up without an entry that says so.
            byte[] bytes = Stamped(0, WrittenPages);
            bytes.CopyTo(expected, 0);
            file.Write(bytes, 0);
            sharer.SetLength(0);
            sharer.Allocate(0, 2L * WrittenPages * PageSize);
            int at = 0;
            foreach (PfnRange run in pin.Pages)
            {
                int length = (int)run.PageCount << DaxConstants.PageShift;
                job.Require(small.Device.GetSpan(run.First, run.PageCount).SequenceEqual(old.AsSpan(at, length)), $"device pages {run} changed under a pin");
                at += length;
            }
        }

        long given = 2L * WrittenPages * PageSize;
        job.Require(small.Volume.FreeBytes == free - given, $"{small.Volume.FreeBytes} bytes are free after pins were dropped, instead of {free - given}");
        RequireUnchanged(file, expected, "its old blocks were pinned");
    });

    /// <summary>Fills the device with another file, tries what needs blocks, and tries again when that file is gone.</summary>
    public bool FullDevice(ref StepRandom random)
    {
        int what = random.Next(6);
        FileSystemModel model = FileSystemModel.All[random.Next(FileSystemModel.All.Count)];
        return WithSmallVolume(SoakOperation.FullDevice, () =>
        {
            using DaxFile file = Prepare(model, out byte[] expected);
            byte[] shared = new byte[FilePages * PageSize];
            expected.AsSpan(0, WrittenPages * PageSize).CopyTo(shared);
            using DaxFile sharer = small.Create(FilePages * PageSize, model);
            file.CloneRange(0, WrittenPages * PageSize, sharer, 0);
            using (DaxFile filler = small.Create(SmallVolume.MaximumSizeBytes, model))
            {
                filler.Allocate(0, small.Volume.FreeBytes);
                job.Require(small.Volume.FreeBytes == 0, $"{small.Volume.FreeBytes} bytes are free on a full device");
                RequireError(Enospc, what, () => Change(file, what));
                RequireUnchanged(file, expected, $"change {what} failed on a full device");
            }

            Change(file, what);
            expected = Changed(expected, what);
            RequireUnchanged(file, expected, $"change {what} succeeded when space was there again");
            RequireUnchanged(sharer, shared, $"change {what} of the file that it shares blocks with");
        });
    }

    /// <summary>A page is lost that a change of layout has to zero in part.</summary>
    public bool LostMemory(ref StepRandom random)
    {
        int what = random.Next(2) * 2;
        FileSystemModel model = FileSystemModel.All[random.Next(FileSystemModel.All.Count)];
        return WithSmallVolume(SoakOperation.LostMemory, () =>
        {
            using DaxFile file = Prepare(model, out byte[] expected);
            file.InjectPoison(CutPage * PageSize);
            RequireError(IoError.Io.Errno(), what, () => Change(file, what));
            RequireUnchanged(file, expected, $"change {what} failed on lost memory", lostPage: CutPage);
            file.Write(expected.AsSpan(CutPage * PageSize, PageSize), CutPage * PageSize);
            Change(file, what);
            RequireUnchanged(file, Changed(expected, what), $"change {what} succeeded when the poison was cleared");
        });
    }

    /// <summary>A clone onto the file itself, or onto one that may not become so large, leaves both as they were.</summary>
    public bool RefusedClone(ref StepRandom random)
    {
        bool isOntoItself = random.OneIn(2);
        return WithSmallVolume(SoakOperation.RefusedClone, () =>
        {
            using DaxFile file = Prepare(FileSystemModel.Xfs, out byte[] expected);
            using DaxFile smaller = small.Create(2 * PageSize, FileSystemModel.Xfs, maximumSizeBytes: 3 * PageSize);
            byte[] bytes = Stamped(0, 2);
            smaller.Write(bytes, 0);
            bool isRefused = false;
            try
            {
                file.CloneTo(isOntoItself ? file : smaller);
            }
            catch (ArgumentException)
            {
                isRefused = true;
            }

            job.Require(isRefused || isOntoItself, "a clone became larger than its file may be");
            RequireUnchanged(file, expected, "a clone of it was refused");
            RequireUnchanged(smaller, bytes, "a clone onto it was refused");
        });
    }

    private bool WithSmallVolume(SoakOperation operation, Action work)
    {
        if (!small.TryTake())
        {
            return false;
        }

        job.Begin(operation, 0);
        try
        {
            work();
            job.Require(
                small.Volume.FreeBytes == small.Device.SizeBytes, $"{small.Volume.FreeBytes} of {small.Device.SizeBytes} bytes are free with no file on the volume");
        }
        finally
        {
            small.Give();
        }

        return true;
    }

    private DaxFile Prepare(FileSystemModel model, out byte[] expected)
    {
        version++;
        expected = new byte[FilePages * PageSize];
        Stamped(0, WrittenPages, version).CopyTo(expected, 0);
        Stamped(DirtyPage, DirtyPages, version).CopyTo(expected, DirtyPage * PageSize);
        DaxFile file = small.Create(FilePages * PageSize, model);
        file.Write(expected.AsSpan(0, WrittenPages * PageSize), 0);
        file.Map().CopyFrom(expected.AsSpan(DirtyPage * PageSize, DirtyPages * PageSize), DirtyPage * PageSize);
        return file;
    }

    // Each needs a block: for a part of a shared page, or for a hole.
    private static void Change(DaxFile file, int what)
    {
        switch (what)
        {
            case 0:
                file.SetLength((CutPage * PageSize) + InPage);
                break;
            case 1:
                file.ZeroRange(HolePage * PageSize, 4 * PageSize);
                break;
            case 2:
                file.PunchHole((CutPage * PageSize) + InPage, 5 * PageSize - InPage);
                break;
            case 3:
                file.Write(new byte[InPage], (HolePage * PageSize) + InPage);
                break;
            case 4:
                file.Allocate(0, FilePages * PageSize);
                break;
            default:
                file.Unshare(0, WrittenPages * PageSize);
                break;
        }
    }

    private static byte[] Changed(byte[] bytes, int what)
    {
        byte[] changed = [.. bytes];
        switch (what)
        {
            case 0:
                return changed[..((CutPage * PageSize) + InPage)];
            case 1:
                changed.AsSpan(HolePage * PageSize, 4 * PageSize).Clear();
                return changed;
            case 2:
                changed.AsSpan((CutPage * PageSize) + InPage, 5 * PageSize - InPage).Clear();
                return changed;
            default:
                return changed;
        }
    }

    private void RequireError(int errno, int what, Action change)
    {
        int seen = 0;
        try
        {
            change();
        }
        catch (DaxException e)
        {
            seen = e.Errno;
        }

        job.Require(seen == errno, $"change {what} ended with {seen} instead of {errno}");
    }

    private void RequireUnchanged(DaxFile file, byte[] expected, string when, int lostPage = -1)
    {
        job.Require(file.Length == expected.Length, $"after {when}, the file has {file.Length} bytes instead of {expected.Length}");
        RequireNone(DurabilityChecks.FindVolatile(small.Device, file, isDirtyAllowed: true), $"after {when}");
        var bytes = new byte[PageSize];
        for (int at = 0; at < expected.Length; at += PageSize)
        {
            if (at == lostPage * PageSize)
            {
                continue;
            }

            Span<byte> page = bytes.AsSpan(0, Math.Min(PageSize, expected.Length - at));
            file.Read(page, at);
            if (!page.SequenceEqual(expected.AsSpan(at, page.Length)))
            {
                job.Report(FindingKind.Lost, $"after {when}, page {at / PageSize} of the small file holds other bytes");
            }
        }

        file.Sync();
        RequireNone(DurabilityChecks.FindVolatile(small.Device, file, isDirtyAllowed: false), $"after {when}, and a sync");
    }

    private void RequireNone(IEnumerable<string> problems, string when)
    {
        if (problems.FirstOrDefault() is { } problem)
        {
            job.Report(FindingKind.Undurable, $"{when}, {problem}");
        }
    }

    private byte[] Stamped(int firstPage, int count) => Stamped(firstPage, count, ++version);

    private static byte[] Stamped(int firstPage, int count, int version)
    {
        var bytes = new byte[count * PageSize];
        for (int i = 0; i < count; i++)
        {
            PageStamp.Of(firstPage + i, (uint)version).Fill(bytes.AsSpan(i * PageSize, PageSize));
        }

        return bytes;
    }
}
