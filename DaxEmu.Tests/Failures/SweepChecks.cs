using DaxEmu.Core;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Tests.Failures;

/// <summary>What must hold of a scenario after each operation, whether it went well or not.</summary>
internal static class SweepChecks
{
    /// <summary>What can be seen now.</summary>
    public static SweepModel Capture(SweepFixture scenario)
    {
        var model = new SweepModel();
        IReadOnlyList<string> names = scenario.HasVolume ? scenario.Volume.FileNames : [];
        foreach ((string name, DaxFile file) in scenario.Files)
        {
            FileState state = model.Add(name);
            state.IsNamed = names.Contains(name);
            state.IsOpen = SweepFixture.IsOpen(file);
            if (state.IsOpen)
            {
                CaptureOpen(scenario, name, file, state);
            }
        }

        return model;
    }

    /// <summary>How what can be seen differs from a model; null if it does not.</summary>
    public static string? Difference(SweepFixture scenario, SweepModel model)
    {
        IReadOnlyList<string> names = scenario.HasVolume ? scenario.Volume.FileNames : [];
        foreach ((string name, FileState state) in model.Files)
        {
            bool isOpen = scenario.Files.TryGetValue(name, out DaxFile? file) && SweepFixture.IsOpen(file);
            if (isOpen != state.IsOpen || names.Contains(name) != state.IsNamed)
            {
                return $"'{name}' is {(isOpen ? "open" : "not open")} and {(names.Contains(name) ? "has" : "does not have")} its name";
            }

            if (isOpen && (Contents(scenario, file!, state) ?? Copies(scenario, name, state)) is { } difference)
            {
                return $"'{name}': {difference}";
            }
        }

        foreach ((string name, DaxFile file) in scenario.Files)
        {
            if (!model.Files.ContainsKey(name) && SweepFixture.IsOpen(file))
            {
                return $"'{name}' is there";
            }
        }

        return null;
    }

    /// <summary>Nobody is inside of anything. To be asked first: what is left locked is waited for without end.</summary>
    public static IEnumerable<string> Stillness(SweepFixture scenario)
    {
        if (scenario.Waits.WaiterCount != 0)
        {
            yield return "a thread sleeps for an entry";
        }

        foreach ((string name, DaxFile file) in Open(scenario))
        {
            foreach (string wrong in file.Mapping.Entries.Verify())
            {
                yield return $"'{name}': {wrong}";
            }

            if (!file.Mapping.InvalidateLock.IsFree || !file.Mapping.AreasLock.IsFree)
            {
                yield return $"'{name}': the invalidate lock or the lock of its VMAs is held";
            }

            if (!file.IsIdle)
            {
                yield return $"'{name}': the inode lock is held";
            }

            if (file.Mapping.Areas.Any(a => a.CopyGate != 0))
            {
                yield return $"'{name}': the gate of private copies is held";
            }
        }

        if (scenario.Pin is null && scenario.Device.Owners.FirstBusy(All(scenario)) is { } busy)
        {
            yield return $"device page {busy} is still pinned";
        }
    }

    /// <summary>No block is lost or belongs to two, every entry stands on its file's block, and every translation on its entry.</summary>
    public static IEnumerable<string> Blocks(SweepFixture scenario)
    {
        if (!scenario.HasVolume)
        {
            return [];
        }

        var users = new int[scenario.Device.PageCount];
        var holders = new int[scenario.Device.PageCount];
        IEnumerable<PfnRange> runs = scenario.Extents.Where(e => SweepFixture.IsOpen(scenario.Files[e.Key]))
            .SelectMany(e => e.Value.Snapshot().Select(x => new PfnRange(x.Pfn, x.PageCount)).Concat(e.Value.BlocksAside))
            .Concat(Closed(scenario))
            .Concat(scenario.Volume.Allocator.WaitingBlocks);
        foreach (PfnRange run in runs)
        {
            foreach (ref int user in users.AsSpan((int)run.First.Value, (int)run.PageCount))
            {
                user++;
            }
        }

        return [.. Open(scenario).SelectMany(f => Entries(f.Key, f.Value, holders)), .. Counts(scenario, users, holders), .. Translations(scenario)];
    }

    // The blocks of files that have a name and are not open.
    private static PfnRange[] Closed(SweepFixture scenario)
    {
        HashSet<string> open = [.. Open(scenario).Select(f => f.Value.Name!)];
        return
        [
            .. from name in scenario.Volume.FileNames
               where !open.Contains(name)
               from extent in scenario.Volume.Store.Look(state => NamePlace.Find(state, name, [name]).Inode!.Blocks).In(PageRange.All)
               select new PfnRange(extent.Pfn, extent.PageCount),
        ];
    }

    /// <summary>Pages that a loss of power would take, and of which no entry says that they are dirty.</summary>
    public static IEnumerable<(string File, long Page)> Unmarked(SweepFixture scenario) =>
        from file in Open(scenario)
        from page in NotDurable(scenario, file.Value)
        where !file.Value.Mapping.Entries[page].Entry.IsDirty
        select (file.Key, page.Value);

    /// <summary>Pages that a loss of power would take.</summary>
    public static IEnumerable<PageIndex> NotDurable(SweepFixture scenario, DaxFile file) => NotDurable(scenario, file.Extents, file.Mapping.EndIndex);

    /// <summary>As the other, of a file that is closed.</summary>
    public static IEnumerable<PageIndex> NotDurable(SweepFixture scenario, InMemoryExtentMap extents, PageIndex end)
    {
        foreach (Extent extent in extents.Snapshot())
        {
            for (PageIndex page = extent.First; extent.Kind == ExtentKind.Mapped && page < extent.End && page < end; page += 1)
            {
                Pfn pfn = extent.PfnAt(page);
                if (SweepDevice.IsTracked(pfn) && !scenario.Device.Durable!.IsDurable(pfn.OffsetBytes, SweepFixture.Page))
                {
                    yield return page;
                }
            }
        }
    }

    public static IEnumerable<KeyValuePair<string, DaxFile>> Open(SweepFixture scenario) => scenario.Files.Where(f => SweepFixture.IsOpen(f.Value));

    private static PfnRange All(SweepFixture scenario) => new(new Pfn(0), scenario.Device.PageCount);

    private static void CaptureOpen(SweepFixture scenario, string name, DaxFile file, FileState state)
    {
        state.SetLength(file.Length);
        foreach (Extent extent in file.Extents.Snapshot().Where(e => e.Kind == ExtentKind.Mapped))
        {
            for (PageIndex page = extent.First; page < extent.End && page < file.Mapping.EndIndex; page += 1)
            {
                if (scenario.Device.Poison.Contains(extent.PfnAt(page)))
                {
                    state.Lost.Add(page.Value);
                }
            }

            long length = Math.Min(extent.PageCount << DaxConstants.PageShift, file.Length - extent.First.OffsetBytes);
            if (length > 0)
            {
                scenario.Device.SpanUnchecked(extent.Pfn.OffsetBytes, (int)length).CopyTo(state.Bytes.AsSpan((int)extent.First.OffsetBytes));
            }
        }

        foreach ((long page, byte[] copy) in CopiesOf(scenario, name))
        {
            state.Copies.Add(page, copy);
        }
    }

    private static unsafe List<(long Page, byte[] Copy)> CopiesOf(SweepFixture scenario, string name)
    {
        VmArea area = scenario.Private.Area;
        var copies = new List<(long, byte[])>();
        for (long page = 0; name == "a" && !area.IsGone && page < area.PageCount; page++)
        {
            if (area.Table.Find(page) is { IsPresent: true, IsCopy: true })
            {
                copies.Add((page, new ReadOnlySpan<byte>(area.CopyOf(page), SweepFixture.Page).ToArray()));
            }
        }

        return copies;
    }

    private static string? Contents(SweepFixture scenario, DaxFile file, FileState state)
    {
        if (file.Length != state.Bytes.Length)
        {
            return $"it has {file.Length} bytes instead of {state.Bytes.Length}";
        }

        PoisonList poison = scenario.Device.Poison;
        for (PageIndex page = default; page < file.Mapping.EndIndex;)
        {
            Extent extent = file.Extents.Find(page, 1, ExtentIntent.Read).Source;
            bool isWhole = poison.IsEmpty && state.Lost.Count == 0;
            PageIndex end = isWhole ? extent.End : page + 1;
            long length = Math.Min(file.Length, end.OffsetBytes) - page.OffsetBytes;
            bool isLost = !isWhole && !extent.ReadsAsZeroes && poison.Contains(extent.PfnAt(page));
            if (isLost != state.Lost.Contains(page.Value))
            {
                return $"page {page} is {(isLost ? "lost" : "not lost")}";
            }

            ReadOnlySpan<byte> expected = state.Bytes.AsSpan((int)page.OffsetBytes, (int)length);
            int same = extent.ReadsAsZeroes
                ? expected.IndexOfAnyExcept((byte)0)
                : expected.CommonPrefixLength(scenario.Device.SpanUnchecked(extent.PfnAt(page).OffsetBytes, (int)length));
            if (!isLost && same >= 0 && same < length)
            {
                return $"byte {page.OffsetBytes + same} (of page {(page.OffsetBytes + same) / SweepFixture.Page}) differs";
            }

            page = end;
        }

        return null;
    }

    private static string? Copies(SweepFixture scenario, string name, FileState state)
    {
        if (scenario.Private.Area.IsGone)
        {
            return null;
        }

        Dictionary<long, byte[]> seen = CopiesOf(scenario, name).ToDictionary(c => c.Page, c => c.Copy);
        foreach (long page in state.Copies.Keys.Union(seen.Keys))
        {
            if (!seen.TryGetValue(page, out byte[]? copy) || !state.Copies.TryGetValue(page, out byte[]? expected))
            {
                return $"page {page} {(copy is null ? "has lost its private copy" : "has a private copy")}";
            }

            if (!copy.AsSpan().SequenceEqual(expected))
            {
                return $"the private copy of page {page} differs";
            }
        }

        return null;
    }

    // Of a real entry each page is the file's block there. A zero entry may stand over a block that write(2) has filled since (the older
    // kernel keeps it, since it is dirty), but then nobody maps it.
    private static IEnumerable<string> Entries(string name, DaxFile file, int[] holders)
    {
        foreach (EntrySnapshot seen in file.Mapping.Entries.Snapshot())
        {
            for (PageIndex page = seen.Start; page < seen.Range.End; page += 1)
            {
                Extent extent = file.Extents.Find(page, 1, ExtentIntent.Read).Source;
                Pfn pfn = seen.Entry.IsReal ? seen.Entry.Pfn + (page - seen.Start) : default;
                holders[pfn.Value] += seen.Entry.IsReal ? 1 : 0;
                if (seen.Entry.IsReal && (extent.ReadsAsZeroes || extent.PfnAt(page) != pfn))
                {
                    yield return $"'{name}': page {page} has the entry {seen} and the extent {extent}";
                }
            }

            if (seen.Start >= file.Mapping.EndIndex)
            {
                yield return $"'{name}': the entry {seen} lies behind the end of the file";
            }
        }
    }

    private static IEnumerable<string> Counts(SweepFixture scenario, int[] users, int[] holders)
    {
        BlockAllocator allocator = scenario.Volume.Allocator;
        allocator.Verify();
        long used = 0;
        for (var pfn = new Pfn(0); pfn.Value < users.Length; pfn += 1)
        {
            used += users[pfn.Value] > 0 ? 1 : 0;
            if (allocator.ShareCount(pfn) is var counted && counted != users[pfn.Value])
            {
                yield return counted == 0
                    ? $"device page {pfn} is free, and {users[pfn.Value]} files have it"
                    : $"device page {pfn} is counted for {counted} files, and {users[pfn.Value]} have it";
            }

            PageOwner owner = scenario.Device.Owners.Find(pfn);
            if (owner.HolderCount != holders[pfn.Value])
            {
                yield return $"device page {pfn} is held by {owner}, and {holders[pfn.Value]} entries stand on it";
            }
        }

        if (allocator.FreePageCount + used != users.Length)
        {
            yield return $"{allocator.FreePageCount} pages are free and {used} used, of {users.Length}";
        }
    }

    private static IEnumerable<string> Translations(SweepFixture scenario)
    {
        foreach ((string name, DaxFile file) in Open(scenario))
        {
            foreach (VmArea area in file.Mapping.Areas)
            {
                for (long page = 0; page < area.PageCount; page++)
                {
                    Translation translation = area.Table.Find(page);
                    if (translation is { IsPresent: true, IsCopy: false } && Wrong(file, area, page, translation) is { } wrong)
                    {
                        yield return $"'{name}': page {page} of a view ({area.Mode}) {wrong}";
                    }
                }
            }
        }
    }

    private static string? Wrong(DaxFile file, VmArea area, long page, Translation translation)
    {
        PageIndex index = area.IndexOf(page);
        EntrySnapshot seen = file.Mapping.Entries[index];
        if (!seen.IsPresent || translation.IsZero != seen.Entry.IsZero || seen.Entry.IsEmpty)
        {
            return $"is mapped by {translation.Word:x}, and its entry is {seen}";
        }

        if (translation.IsZero)
        {
            Extent extent = file.Extents.Find(index, 1, ExtentIntent.Read).Source;
            return extent.ReadsAsZeroes ? null : $"is mapped by the zero page, and has the block {extent.PfnAt(index)}";
        }

        int inHuge = translation.IsHuge ? (int)(area.LeadPages + page) & DaxConstants.ColourMask : 0;
        if (translation.Pfn + inHuge != seen.Entry.Pfn + (index - seen.Start))
        {
            return $"is mapped to device page {translation.Pfn + inHuge}, and its entry is {seen}";
        }

        // What is stored through it would never be written back.
        return translation.IsWritable && !seen.Entry.IsDirty ? $"can be written, and its entry is clean: {seen}" : null;
    }
}
