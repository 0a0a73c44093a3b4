using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <content>What the operations do, and what they look at.</content>
internal sealed partial class HostSoakJob
{
    private const int Page = DaxConstants.PageSize;

    private bool CountLineUp(HostSoakFile file)
    {
        if (Number >= Lines)
        {
            return false;
        }

        ulong seen = memory.CountUp(AnyShared(file), Number);
        ulong expected = lines[file.Number]++;
        if (seen != expected)
        {
            Find(seen < expected ? FindingKind.Lost : FindingKind.Stale, $"its line of file {file.Number} holds {seen}, and it has stored {expected}");
        }

        return true;
    }

    private bool Sync(HostSoakFile file)
    {
        try
        {
            switch (random.Next(4))
            {
                case 0:
                    fixture.Volume.Sync();
                    break;
                case 1:
                    file.File.Sync();
                    break;
                default:
                    long first = random.Next(file.PageCount - 64);
                    AnyShared(file).Sync(first * Page, (1 + random.Next(64)) * Page);
                    break;
            }
        }
        catch (DaxException lost) when (lost.Error == IoError.Io && file == fixture.Poisoned)
        {
            // A dirty page whose memory is lost, now or since the last sync.
        }
        catch (DaxException lost) when (lost.Error == IoError.Io && lost.Message.Contains($"'soak-{fixture.Poisoned.Number}'", StringComparison.Ordinal))
        {
            // The same, of the whole volume.
        }

        return true;
    }

    private bool DontNeed(HostSoakFile file)
    {
        long count = 1 + random.Next(2L * DaxConstants.PagesPerPmd);
        long first = random.Next(Math.Max(1, file.PageCount - count));
        AnyShared(file).DontNeed(first * Page, Math.Min(count, file.PageCount - first) * Page);
        return true;
    }

    // Nothing is taken, so nothing is known of the contents, nor whether the pages can be reached.
    private bool Prefault(HostSoakFile file)
    {
        long slots = file.PageCount / DaxConstants.PagesPerPmd;
        using HostView view = file.File.Map(random.Next(slots) * DaxConstants.PmdSize, DaxConstants.PmdSize);
        for (int turn = random.Next(8); turn >= 0; turn--)
        {
            _ = memory.IsRefused(view, random.Next(DaxConstants.PagesPerPmd), isStore: false);
        }

        try
        {
            view.Populate(random.Next(DaxConstants.PagesPerPmd) * (long)Page, Page, forWriting: random.OneIn(2));
        }
        catch (DaxException)
        {
            // Past the end of the file, or lost, for the moment.
        }

        return true;
    }

    private void StoreAll(HostSoakFile file, HostView view, long first, long count)
    {
        bool wordByWord = random.OneIn(3);
        for (long number = first; number < first + count; number++)
        {
            PageStamp stamp = file.Next(number, Number);
            memory.Store(view, number, stamp, wordByWord);
            file.Pages.Set(PageSide.File, number, stamp);
        }
    }

    private void CheckAll(HostSoakFile file, HostView view, long first, long count)
    {
        for (long number = first; number < first + count; number++)
        {
            Check(file, view, 0, PageSide.File, number);
        }
    }

    private void WriteAll(HostSoakFile file, long first, long count)
    {
        for (long number = first; number < first + count; number++)
        {
            WritePage(file, number);
        }

        CheckAll(file, AnyShared(file), first, count);
    }

    private void WritePage(HostSoakFile file, long number)
    {
        PageStamp stamp = file.Next(number, Number);
        stamp.Fill(page);
        int written = file.File.Write(page, number * Page);
        file.Pages.Set(PageSide.File, number, stamp);
        Require(written == Page, $"only {written} bytes of a page were written");
    }

    private void ReadAll(HostSoakFile file, long first, long count)
    {
        for (long number = first; number < first + count && finding is null; number++)
        {
            // By way of memory of a mapping, now and then: the buffer is faulted in by the library.
            int read = file.File.Read(page, number * Page);
            Require(read == Page, $"only {read} bytes of a page were read");
            if (file.Pages.Shown(PageSide.File, number).Judge(page, out string seen) is { } kind)
            {
                Find(kind, $"{file.NameOf(number)} shows {seen} by read(2)\n{file.Evidence(number)}");
            }
        }
    }

    // The file ends inside the first page of the tail for a while: what lay behind is zeroes afterwards, and could not be reached.
    private void Truncate(HostSoakFile file, long first)
    {
        PageStamp before = file.Pages.Shown(PageSide.File, first);
        int kept = random.Next(Page / sizeof(ulong)) * sizeof(ulong);
        file.Private.DontNeed(first * Page, (file.PageCount - first) * Page);
        file.Pages.Forget(PageSide.Private, first, file.PageCount - first);
        file.File.SetLength((first * Page) + kept);
        HostView view = AnyShared(file);
        long past = first + 1 + random.Next(file.PageCount - first - 1);
        Require(memory.IsRefused(view, past, isStore: true), $"a store to page {past} went through, which lies past the end of the file");
        Require(memory.IsRefused(view, past, isStore: false), $"a load of page {past} went through, which lies past the end of the file");
        file.File.SetLength(file.PageCount * Page);
        file.Pages.Forget(PageSide.File, first, file.PageCount - first);
        CheckAll(file, view, past, 1);
        CheckAll(file, AnyShared(file), first + 1, Math.Min(file.PageCount - first - 1, 16));
        _ = file.File.Read(page, first * Page);
        bool isRight = (before.Judge(page.AsSpan(0, kept), out string head) ?? default(PageStamp).Judge(page.AsSpan(kept), out string tail)) is null;
        Require(isRight, $"page {first}, of which {kept} bytes stay, shows {head} in front, or something behind");
        StoreAll(file, view, first, 1);
    }

    private void Collapse(HostSoakFile file, long first)
    {
        long count = 1 + random.Next(Math.Min(16, file.PageCount - first - 1));
        DropCopies(file, first);
        file.File.CollapseRange(first * Page, count * Page);
        file.File.SetLength(file.PageCount * Page);
        file.Pages.Copy(PageSide.File, first + count, PageSide.File, first, file.PageCount - first - count);
        file.Pages.Forget(PageSide.File, file.PageCount - count, count);
        CheckAll(file, AnyShared(file), first, Math.Min(64, file.PageCount - first));
        CheckAll(file, AnyShared(file), file.PageCount - count, count);
    }

    private void Insert(HostSoakFile file, long first)
    {
        long count = 1 + random.Next(Math.Min(16, file.PageCount - first - 1));
        DropCopies(file, first);
        file.File.InsertRange(first * Page, count * Page);
        file.File.SetLength(file.PageCount * Page);
        file.Pages.Copy(PageSide.File, first, PageSide.File, first + count, file.PageCount - first - count);
        file.Pages.Forget(PageSide.File, first, count);
        CheckAll(file, AnyShared(file), first, Math.Min(64, file.PageCount - first));
    }

    private static void DropCopies(HostSoakFile file, long first)
    {
        file.Private.DontNeed(first * Page, (file.PageCount - first) * Page);
        file.Pages.Forget(PageSide.Private, first, file.PageCount - first);
    }

    private void UsePrivate(HostSoakFile file, long first, long count)
    {
        count = Math.Min(count, 16);
        for (long number = first; number < first + count; number++)
        {
            Check(file, file.Private, 0, PageSide.Private, number);
        }

        if (random.OneIn(3))
        {
            file.Private.DontNeed(first * Page, count * Page);
            file.Pages.Forget(PageSide.Private, first, count);
        }
        else
        {
            bool wordByWord = random.OneIn(3);
            for (long number = first; number < first + count; number++)
            {
                PageStamp stamp = file.Next(number, Number);
                memory.Store(file.Private, number, stamp, wordByWord);
                file.Pages.Set(PageSide.Private, number, stamp);
            }
        }

        for (long number = first; number < first + count; number++)
        {
            Check(file, file.Private, 0, PageSide.Private, number);
            Check(file, AnyShared(file), 0, PageSide.File, number);
        }
    }

    private void UseOwnView(HostSoakFile file, long first, long count)
    {
        MapMode[] modes = [MapMode.Shared, MapMode.Shared | MapMode.NoHugePage, MapMode.Shared | MapMode.Sync, MapMode.Shared | MapMode.ReadOnly, MapMode.Private];
        MapMode mode = modes[random.Next(modes.Length)];
        using HostView view = file.File.Map(first * Page, count * Page, mode);
        for (long number = first; number < first + count; number++)
        {
            Check(file, view, first, PageSide.File, number);
        }

        if ((mode & MapMode.ReadOnly) != 0)
        {
            Require(memory.IsRefused(view, 0, isStore: true), "a store to a read-only view went through");
            return;
        }

        PageStamp stamp = file.Next(first, Number);
        memory.Store(view, 0, stamp, wordByWord: true);
        if (mode == MapMode.Private)
        {
            Require(memory.Judge(view, 0, stamp, out string seen) is null, $"its private copy shows {seen}");
            Check(file, AnyShared(file), 0, PageSide.File, first);
            return;
        }

        file.Pages.Set(PageSide.File, first, stamp);
        view.Protect(0, Page, isReadOnly: true);
        Require(memory.IsRefused(view, 0, isStore: true), "a store to a part that mprotect made read-only went through");
        view.Protect(0, Page, isReadOnly: false);
        Check(file, view, first, PageSide.File, first);
        Check(file, AnyShared(file), 0, PageSide.File, first);
    }

    private void Poison(HostSoakFile file, long number)
    {
        DropCopies(file, number, 1);
        StoreAll(file, AnyShared(file), number, 1);
        file.File.InjectPoison(number * Page);
        Require(memory.IsRefused(AnyShared(file), number, isStore: false), $"a load of page {number} went through, whose memory is lost");
        Require(memory.IsRefused(AnyShared(file), number, isStore: true), $"a store to page {number} went through, whose memory is lost");
        WritePage(file, number); // as a whole: the page is there again
        CheckAll(file, AnyShared(file), number, 1);
    }

    private static void DropCopies(HostSoakFile file, long first, long count)
    {
        file.Private.DontNeed(first * Page, count * Page);
        file.Pages.Forget(PageSide.Private, first, count);
    }
}
