using System.Globalization;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>The emulator's operations (engine <c>emu</c>).</summary>
internal sealed class EmulatorOperations(MediaProfile? media = null) : IConflictEngine
{
    private const long HolePage = EmulatorState.HoleBegin;
    private const long AllocatedPage = EmulatorState.HoleEnd - DaxConstants.PagesPerPmd;
    private const long PunchedPage = 10 * DaxConstants.PagesPerPmd;
    private const long ZeroedPage = 12 * DaxConstants.PagesPerPmd;
    private const long SyncedPage = 11 * DaxConstants.PagesPerPmd;

    // Each turn of an operation on a file works this many pages from the other: on another line.
    private const int PagesPerTurn = 32;

    // Why a line is shared that stays shared, by how its name begins.
    private static readonly (string Begin, string Reason)[] Reasons =
    [
        ("entry word", "an entry has one lock, which each fault on its page takes; a pass that looks for dirty entries reads those of its 2 MiB"),
        ("region word", "says for 2 MiB what its entries are, and whether one is dirty"),
        ("write-back marks", "a bit a page, 512 in a line"),
        ("lock of the marks", "passes over the dirty marks of one file take turns"),
        ("highest 2 MiB in use", "written when the file reaches further than ever"),
        ("pins of 2 MiB", "one count for 2 MiB lets a change of layout pass over them when nothing is pinned"),
        ("extents of", "a new block is shown by the next list of extents, which every look-up of the file reads"),
        ("mark of changed extents", "lies with the list of extents"),
        ("lock of the extents", "a file has one list of extents: who gets a block makes the next list"),
        ("lock of the commits", "commits of one file take turns"),
        ("lock of the allocator", "a file's blocks come from one group, so that they lie together"),
        ("owner of device page", "two blocks of one file that lie together: words of eight pages lie in one line"),
        ("VMA list", "a walk over the views of a file reads the list that a map replaces (i_mmap)"),
        ("lock of the VMA list", "two maps of one file make one list after the other (i_mmap)"),
        ("inode lock", "a writer of a file keeps its other readers and writers out (i_rwsem)"),
        ("lock of the volume", "opening, closing and naming files is one state: a change of names is one transaction of one log"),
        ("lock of the metadata", "opening, closing and naming files is one state: a change of names is one transaction of one log"),
        ("read bandwidth of the medium", "the medium has one bandwidth; a thread takes 4 KiB of it at once"),
        ("write bandwidth of the medium", "the medium has one bandwidth; a thread takes 4 KiB of it at once"),
        ("lock of the device", "an open file keeps the device open: it is counted in under the lock that the device's end takes"),
    ];

    private static readonly byte[] Bytes = new byte[DaxConstants.PageSize];

    /// <inheritdoc/>
    public string Name => "emu";

    /// <inheritdoc/>
    public IReadOnlyList<ConflictOperation> Operations { get; } =
    [
        Of("read fault", ConflictKind.ReadsPage, Mapped(isWrite: false, drops: true), (state, place) => state.Fault(place, place.Page, isWrite: false)),
        Of("write fault", ConflictKind.Page, Mapped(isWrite: true, drops: true), (state, place) => state.Fault(place, place.Page, isWrite: true)),
        Of("insert", ConflictKind.Page, (state, place) => state.WritePage(place, place.Page), (state, place) => state.Fault(place, place.Page, isWrite: true)),
        Of("populate", ConflictKind.Page, Mapped(isWrite: true, drops: true), Populate),
        Of("view load", ConflictKind.ReadsPage, Mapped(isWrite: false, drops: false), (state, place) => $"{state.ViewOf(place).Read(OffsetOf(place.Page), 8)[0]}"),
        Of("view store", ConflictKind.Page, Mapped(isWrite: true, drops: false), (state, place) => $"{state.ViewOf(place).Write(OffsetOf(place.Page), 8)[0] = 77}"),
        Of("view copy", ConflictKind.Page, Mapped(isWrite: true, drops: false), CopyIn),
        Of("read", ConflictKind.ReadsPage, (state, place) => state.WritePage(place, place.Page), (state, place) => Read(state, place)),
        Of("overwrite", ConflictKind.Page, (state, place) => state.WritePage(place, place.Page), (state, place) => $"{state.FileOf(place).Write(Bytes, OffsetOf(place.Page))}"),
        Of("write back", ConflictKind.Page, Mapped(isWrite: true, drops: false), WriteBack),
        Of("zap", ConflictKind.Page, Mapped(isWrite: true, drops: false), Zap),
        Of("pin, unpin", ConflictKind.Page, Mapped(isWrite: true, drops: false), Pin),
        Of("2 MiB fault", ConflictKind.Huge, MapHuge, (state, place) => state.HugeFault(place, isWrite: true)),
        Of("2 MiB insert", ConflictKind.Huge, (state, place) => state.WriteHuge(place), (state, place) => state.HugeFault(place, isWrite: true)),
        Of("fault in a hole", ConflictKind.DirtiesFile, Nothing, (state, place) => state.Fault(place, HolePage + place.Page, isWrite: true)),
        Of("sync", ConflictKind.WholeFile, PrepareSync, Sync),
        Of("length", ConflictKind.File, Nothing, (state, place) => $"{state.FileOf(place).Length}"),
        Of("list extents", ConflictKind.File, Nothing, (state, place) => $"{state.FileOf(place).ExtentList[0].First}"),
        Of("map", ConflictKind.File, Nothing, (state, place) => state.Map(place)),
        Of("append", ConflictKind.Layout, Nothing, (state, place) => $"{state.FileOf(place).Write(Bytes, state.FileOf(place).Length)}"),
        Of("allocate", ConflictKind.Layout, Nothing, Allocate),
        Of("punch", ConflictKind.Layout, (state, place) => state.WritePage(place, PunchedPage + (place.Turn * PagesPerTurn)), Punch),
        Of("zero a range", ConflictKind.Layout, (state, place) => state.WritePage(place, ZeroedPage + (place.Turn * PagesPerTurn)), Zero),
        Of("truncate", ConflictKind.Layout, (state, place) => state.WritePage(place, EmulatorState.FilePages - place.Turn - 1), Truncate),
        Of("extend", ConflictKind.Layout, Nothing, (state, place) => SetLength(state, place, DaxConstants.PageSize)),
        Of("protect", ConflictKind.Layout, (state, place) => state.PrepareView(place), (state, place) => state.Protect(place)),
        Of("unmap", ConflictKind.Layout, (state, place) => state.PrepareView(place), (state, place) => state.Unmap(place)),
        Of("create", ConflictKind.Name, Nothing, (state, place) => $"{state.Volume.Create(EmulatorState.PathOf(place, "made")).Length}"),
        Of("delete", ConflictKind.Name, (state, place) => state.Volume.Create(EmulatorState.PathOf(place, "deleted")).Dispose(), Delete),
        Of("look up", ConflictKind.Name, (state, place) => state.Volume.Create(EmulatorState.PathOf(place, "there")).Dispose(), (state, place) => $"{state.Volume.Exists(EmulatorState.PathOf(place, "there"))}"),
    ];

    /// <inheritdoc/>
    public IConflictState Begin() => new EmulatorState(media);

    /// <inheritdoc/>
    public string? ReasonFor(string line) => Reasons.FirstOrDefault(reason => line.StartsWith(reason.Begin, StringComparison.Ordinal)).Reason;

    private static ConflictOperation Of(string name, ConflictKind kind, Action<EmulatorState, ConflictPlace> prepare, Func<EmulatorState, ConflictPlace, string> run) =>
        new(name, kind, (state, place) => prepare((EmulatorState)state, place), (state, place) => run((EmulatorState)state, place));

    private static void Nothing(EmulatorState state, ConflictPlace place)
    {
    }

    private static long OffsetOf(long page) => page * DaxConstants.PageSize;

    private static Action<EmulatorState, ConflictPlace> Mapped(bool isWrite, bool drops) => (state, place) =>
    {
        state.WritePage(place, place.Page);
        state.Fault(place, place.Page, isWrite);
        if (drops)
        {
            state.ViewOf(place).DontNeed(OffsetOf(place.Page), DaxConstants.PageSize);
        }
    };

    private static void MapHuge(EmulatorState state, ConflictPlace place)
    {
        state.WriteHuge(place);
        state.HugeFault(place, isWrite: true);
        state.HugeViewOf(place).DontNeed(OffsetOf(place.HugePage), DaxConstants.PmdSize);
    }

    private static string CopyIn(EmulatorState state, ConflictPlace place)
    {
        state.ViewOf(place).CopyFrom(Bytes.AsSpan(0, 64), OffsetOf(place.Page));
        return "copied";
    }

    private static string Read(EmulatorState state, ConflictPlace place)
    {
        byte[] bytes = new byte[DaxConstants.PageSize];
        return string.Create(CultureInfo.InvariantCulture, $"{state.FileOf(place).Read(bytes, OffsetOf(place.Page))} {bytes[0]}");
    }

    private static string WriteBack(EmulatorState state, ConflictPlace place)
    {
        state.ViewOf(place).Sync(OffsetOf(place.Page), DaxConstants.PageSize);
        return "written back";
    }

    private static string Zap(EmulatorState state, ConflictPlace place)
    {
        state.ViewOf(place).DontNeed(OffsetOf(place.Page), DaxConstants.PageSize);
        return "zapped";
    }

    private static string Populate(EmulatorState state, ConflictPlace place)
    {
        state.ViewOf(place).Populate(OffsetOf(place.Page), DaxConstants.PageSize, forWriting: true);
        return "populated";
    }

    private static string Pin(EmulatorState state, ConflictPlace place)
    {
        using PagePin pin = state.ViewOf(place).Pin(OffsetOf(place.Page), DaxConstants.PageSize);
        return $"{pin.Bytes.Length}";
    }

    private static void PrepareSync(EmulatorState state, ConflictPlace place)
    {
        long page = SyncedPage + (place.Turn * PagesPerTurn);
        state.WritePage(place, page);
        state.Fault(place, page, isWrite: true);
    }

    private static string Sync(EmulatorState state, ConflictPlace place)
    {
        if (place.IsWarmUp)
        {
            state.ViewOf(place).Sync(OffsetOf(SyncedPage), DaxConstants.PageSize); // leaves the other page dirty
        }
        else
        {
            state.FileOf(place).Sync();
        }

        return "synced";
    }

    private static string Allocate(EmulatorState state, ConflictPlace place)
    {
        state.FileOf(place).Allocate(OffsetOf(AllocatedPage + (place.Turn * PagesPerTurn)), DaxConstants.PageSize);
        return "allocated";
    }

    private static string Punch(EmulatorState state, ConflictPlace place)
    {
        state.FileOf(place).PunchHole(OffsetOf(PunchedPage + (place.Turn * PagesPerTurn)), DaxConstants.PageSize);
        return "punched";
    }

    private static string Zero(EmulatorState state, ConflictPlace place)
    {
        state.FileOf(place).ZeroRange(OffsetOf(ZeroedPage + (place.Turn * PagesPerTurn)), DaxConstants.PageSize);
        return "zeroed";
    }

    private static string Truncate(EmulatorState state, ConflictPlace place) => SetLength(state, place, -DaxConstants.PageSize);

    private static string SetLength(EmulatorState state, ConflictPlace place, long by)
    {
        state.FileOf(place).SetLength(state.FileOf(place).Length + by);
        return $"{state.FileOf(place).Length}";
    }

    private static string Delete(EmulatorState state, ConflictPlace place)
    {
        state.Volume.Delete(EmulatorState.PathOf(place, "deleted"));
        return "deleted";
    }
}
