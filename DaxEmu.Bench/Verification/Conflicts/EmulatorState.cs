using System.Globalization;
using System.IO.Hashing;
using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>A scratch volume on a device in memory with two files, each mapped by three views.</summary>
internal sealed class EmulatorState : IConflictState
{
    /// <summary>Pages of a file at first.</summary>
    public const long FilePages = 32 * DaxConstants.PagesPerPmd;

    /// <summary>The first page without a block.</summary>
    public const long HoleBegin = 8 * DaxConstants.PagesPerPmd;

    /// <summary>The page after the last without one.</summary>
    public const long HoleEnd = 10 * DaxConstants.PagesPerPmd;

    private const long DeviceBytes = 1L << 30;
    private const int FileCount = 2;
    private const int ViewCount = 2;

    private readonly PmemDevice device;
    private readonly DaxVolume volume;
    private readonly DaxFile[] files = new DaxFile[FileCount];
    private readonly FaultHandler[] handlers = new FaultHandler[FileCount];
    private readonly DaxView[,] views = new DaxView[FileCount, ViewCount + 1];
    private readonly List<DaxView> extra = [];
    private readonly Dictionary<ConflictPlace, DaxView> changed = [];

    /// <summary>A new state.</summary>
    /// <param name="media">The medium that its device stands for; null for none.</param>
    public EmulatorState(MediaProfile? media = null)
    {
        device = PmemDevice.CreateInMemory(DeviceBytes, new PmemDeviceOptions { Flush = FlushMethod.None, PreferHugePages = false, Media = media });
        volume = DaxVolume.ScratchOf(device);
        volume.CreateDirectory(DirectoryOf(0));
        volume.CreateDirectory(DirectoryOf(1));
        for (int i = 0; i < FileCount; i++)
        {
            // Ids of their own, the same in every run: some words are found by them.
            files[i] = volume.Create($"{i + 1}", FilePages * DaxConstants.PageSize, new DaxFileOptions { MappingId = i + 1, MaximumSizeBytes = 1L << 30 });
            files[i].Allocate(0, HoleBegin * DaxConstants.PageSize);
            files[i].Allocate(HoleEnd * DaxConstants.PageSize, (FilePages - HoleEnd) * DaxConstants.PageSize);
            handlers[i] = new FaultHandler(files[i].Mapping);
            for (int view = 0; view <= ViewCount; view++)
            {
                views[i, view] = files[i].Map(0, FilePages * DaxConstants.PageSize, view < ViewCount ? MapMode.Shared | MapMode.NoHugePage : MapMode.Shared);
            }
        }
    }

    /// <summary>The volume.</summary>
    public DaxVolume Volume => volume;

    /// <summary>The file of a place.</summary>
    public DaxFile FileOf(ConflictPlace place) => files[place.File];

    /// <summary>The view of a place, for pages.</summary>
    public DaxView ViewOf(ConflictPlace place) => views[place.File, place.View];

    /// <summary>The view of a place, for 2 MiB.</summary>
    public DaxView HugeViewOf(ConflictPlace place) => views[place.File, ViewCount];

    /// <summary>The path of a name of a place.</summary>
    public static string PathOf(ConflictPlace place, string name) => $"{DirectoryOf(place.Directory)}/{name}-{place.File}-{place.Turn}";

    /// <summary>A fault of 4 KiB.</summary>
    public string Fault(ConflictPlace place, long page, bool isWrite) =>
        $"{handlers[place.File].Fault(ViewOf(place).Area, page, FlagsOf(isWrite), PageOrder.Pte).Result}";

    /// <summary>A fault of 2 MiB.</summary>
    public string HugeFault(ConflictPlace place, bool isWrite) =>
        $"{handlers[place.File].Fault(HugeViewOf(place).Area, place.HugePage, FlagsOf(isWrite), PageOrder.Pmd).Result}";

    /// <summary>Sees to it that a page has a written block.</summary>
    public void WritePage(ConflictPlace place, long page)
    {
        byte[] bytes = new byte[DaxConstants.PageSize];
        bytes.AsSpan().Fill((byte)page);
        _ = FileOf(place).Write(bytes, page * DaxConstants.PageSize);
    }

    /// <summary>Sees to it that 2 MiB are written.</summary>
    public void WriteHuge(ConflictPlace place)
    {
        _ = FileOf(place).Write(new byte[DaxConstants.PmdSize], place.HugePage * DaxConstants.PageSize);
    }

    /// <summary>Maps the first page and keeps the view.</summary>
    public string Map(ConflictPlace place)
    {
        DaxView view = FileOf(place).Map(0, DaxConstants.PageSize, MapMode.Shared);
        extra.Add(view);
        return $"{view.Length}";
    }

    /// <summary>Makes the view that <see cref="Unmap"/> and <see cref="Protect"/> change.</summary>
    public void PrepareView(ConflictPlace place) => changed[place] = FileOf(place).Map(0, DaxConstants.PageSize, MapMode.Shared);

    /// <summary>Unmaps a view.</summary>
    public string Unmap(ConflictPlace place)
    {
        changed[place].Dispose();
        return "unmapped";
    }

    /// <summary>Takes the right to write away from a view.</summary>
    public string Protect(ConflictPlace place)
    {
        changed[place].Area.Protect(0, 1, isReadOnly: true);
        return "protected";
    }

    /// <inheritdoc/>
    public void NameLines(LineNames names) => volume.NameLines(names);

    /// <inheritdoc/>
    public string Digest()
    {
        IEnumerable<string> words = files.Select(DigestOf).Append(string.Join(' ', volume.FileNames));
        return string.Join("; ", words);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        volume.Dispose();
        device.Dispose();
    }

    private static string DirectoryOf(int directory) => $"directory {directory + 1}";

    private static FaultFlags FlagsOf(bool isWrite) => FaultFlags.UserAccess | (isWrite ? FaultFlags.Write : FaultFlags.None);

    // All but which device pages hold it: that is the allocator's choice, and no user's to see.
    private static string DigestOf(DaxFile file, int number)
    {
        var words = new List<string> { $"file {number + 1} of {file.Length} bytes in {file.Mapping.Areas.Count} views" };
        byte[] bytes = new byte[16 * DaxConstants.PageSize];
        foreach (Extent extent in Merged(file.ExtentList))
        {
            words.Add($"{extent.First}+{extent.PageCount} {extent.Kind}");
            if (extent.Kind == ExtentKind.Mapped)
            {
                int read = file.Read(bytes.AsSpan(0, (int)Math.Min(bytes.Length, extent.PageCount * DaxConstants.PageSize)), extent.First.OffsetBytes);
                words.Add(XxHash64.HashToUInt64(bytes.AsSpan(0, read)).ToString("x", CultureInfo.InvariantCulture));
            }
        }

        EntryTable table = file.Mapping.Entries;
        for (PageIndex next = new(0); table.NextPresent(next, new PageIndex(table.PageCapacity), out PageIndex start, out DaxEntry entry); next = start + entry.Order.PageCount())
        {
            words.Add($"entry {start} {entry.Order} {(entry.IsDirty ? "dirty" : "clean")}{(entry.IsZero ? " zero" : "")}{(entry.IsLocked ? " locked" : "")}");
            foreach (VmArea area in file.Mapping.Areas.Where(area => area.FileRange.Contains(start)))
            {
                Translation translation = area.TranslationOf(start.Value);
                words.Add(translation.IsPresent ? $"{(translation.IsHuge ? "2m" : "4k")}{(translation.IsDirty ? "d" : "")}{(translation.Allows(isWrite: true) ? "w" : "")}" : "-");
            }
        }

        return string.Join(' ', words);
    }

    // Neighbours of one kind as one, wherever they lie on the device.
    private static List<Extent> Merged(IReadOnlyList<Extent> extents)
    {
        var merged = new List<Extent>();
        foreach (Extent extent in extents)
        {
            if (merged.Count > 0 && merged[^1].End == extent.First && merged[^1].Kind == extent.Kind)
            {
                merged[^1] = merged[^1] with { PageCount = merged[^1].PageCount + extent.PageCount };
            }
            else
            {
                merged.Add(extent);
            }
        }

        return merged;
    }
}
