using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Failures;

namespace DaxEmu.Tests.Failures;

/// <summary>The operations of a file system, over pages of every kind.</summary>
internal static class SweepOperations
{
    private const int Page = SweepFixture.Page;
    private const int Pmd = SweepFixture.Pmd;

    private static readonly byte[] Bytes = SweepFixture.Pattern(Pmd + (4 * Page), 9);

    public static IReadOnlyList<SweepOperation> All { get; } =
        [.. Reads(), .. Writes(), .. Layouts(), .. LargeLayouts(), .. Sharings(), .. Views(), .. LargeViews(), .. Volumes()];

    private static IEnumerable<SweepOperation> Reads()
    {
        yield return OfFile("file read all", s => Check(s.A.Read(new byte[11 * Page], 0) <= (10 * Page) + 100)) with { WithOlderKernel = true };
        yield return OfFile("file sync", s => Do(() => s.A.Sync(s.Cancellation.Token))) with { TakesToken = true, Also = s => IsDurable(s, "a"), WithOlderKernel = true };
        yield return OfFile("file sync large", s => Do(() => s.A.Sync(s.Cancellation.Token)), isLarge: true) with { TakesToken = true, Also = s => IsDurable(s, "a") };
        yield return OfFile("file map", s => Do(() => s.Views.Add(s.A.Map(0, 4 * Page))));
        yield return OfFile("file compare", s => Check(s.A.Compare(4 * Page, s.B, 0, 2 * Page) <= 2 * Page));
        yield return OfFile("file lose a page", s => Do(() => s.A.InjectPoison(0)), (m, _) => m["a"].Lost.Add(0));
    }

    private static IEnumerable<SweepOperation> Writes()
    {
        yield return Write("in place", 100, 2 * Page) with { WithOlderKernel = true };
        yield return Write("into a hole", (7 * Page) + 10, 3000) with { WithOlderKernel = true };
        yield return Write("into holes and unwritten blocks", (5 * Page) + 10, 4 * Page);
        yield return Write("over the end", 14 * Page, 5000);
        yield return Write("at the end", (10 * Page) + 100, 5000);
        yield return Write("over shared blocks", (4 * Page) + 100, 6000) with { WithOlderKernel = true };
        yield return Write("over part of a shared block", (5 * Page) + 100, 10);
        yield return Write("clears poison", 0, Page) with
        {
            Prepare = s => s.A.InjectPoison(0),
            After = (m, done) =>
            {
                m["a"].Write(0, Bytes.AsSpan(0, (int)done));
                if (done == Page)
                {
                    m["a"].Lost.Clear();
                }
            },
        };
        yield return Write("large over shared blocks", Pmd, Pmd, isLarge: true);
        yield return Write("large over part of shared blocks", Pmd + (3 * Page) + 7, 2 * Page, isLarge: true);
        yield return Write("large into a hole", 2 * Pmd, 2 * Page, isLarge: true);
    }

    private static IEnumerable<SweepOperation> Layouts()
    {
        yield return Truncate("down", 3 * Page) with { WithOlderKernel = true };
        yield return Truncate("to the middle of a page", Page + 50) with { WithOlderKernel = true };
        yield return Truncate("to the middle of a shared page", (4 * Page) + 50) with { WithOlderKernel = true };
        yield return Truncate("up", (15 * Page) + 7);
        yield return Truncate("to nothing", 0);
        yield return OfFile("file allocate", s => Do(() => s.A.Allocate(0, 12 * Page)), (m, _) => m["a"].Grow(12 * Page));
        yield return OfFile("file allocate keeping size", s => Do(() => s.A.Allocate(7 * Page, 6 * Page, keepSize: true)));
        yield return Punch("aligned", Page, 4 * Page) with { WithOlderKernel = true };
        yield return Punch("unaligned", Page + 100, 5 * Page);
        yield return Punch("inside a shared page", (4 * Page) + 10, 100);
        yield return Punch("over the end", (9 * Page) + 10, 4 * Page);
        yield return Zero("aligned", Page, 2 * Page) with { WithOlderKernel = true };
        yield return Zero("unaligned", Page + 100, 2 * Page);
        yield return Zero("over shared blocks", 4 * Page, 2 * Page);
        yield return Zero("over part of shared blocks", (4 * Page) + 10, Page + 100);
        yield return Zero("over a hole and a dirty page", 8 * Page, 3 * Page);
        yield return Zero("over the end", (9 * Page) + 10, 4 * Page);
        yield return OfFile("file collapse", s => Do(() => s.A.CollapseRange(2 * Page, 3 * Page)), (m, _) => Move(m, f => f.Collapse(2 * Page, 3 * Page))) with
        {
            WithOlderKernel = true,
        };
        yield return OfFile("file insert", s => Do(() => s.A.InsertRange(2 * Page, 3 * Page)), (m, _) => Move(m, f => f.Insert(2 * Page, 3 * Page)));
        yield return Punch("of a page that is pinned", 2 * Page, Page) with { Prepare = PinIt };
        yield return OfFile("file dispose", s => Do(s.A.Dispose), (m, _) => Close(m["a"]));
        yield return OfFile("file dispose with a name", s => Do(s.C.Dispose), (m, _) => Close(m["c"])) with { Also = s => IsDurable(s, "c"), WithOlderKernel = true };
        yield return OfFile("file dispose with a pin", s => Do(s.A.Dispose), (m, _) => Close(m["a"])) with { Prepare = PinIt };
    }

    private static IEnumerable<SweepOperation> LargeLayouts()
    {
        yield return Truncate("large to the middle of an entry", Pmd / 2, isLarge: true) with { WithOlderKernel = true };
        yield return Truncate("large to the middle of a page of an entry", (3 * Page) + 9, isLarge: true);
        yield return Truncate("large to the middle of shared blocks", Pmd + (3 * Page) + 9, isLarge: true);
        yield return OfFile("file allocate large", s => Do(() => s.A.Allocate(2 * Pmd, Pmd)), isLarge: true);
        yield return Punch("large", 4 * Page, 3 * Page, isLarge: true);
        yield return Punch("large unaligned", 100, 2 * Page, isLarge: true);
        yield return Punch("large of shared blocks", Pmd + 100, 2 * Page, isLarge: true);
        yield return Zero("large", 4 * Page, 3 * Page, isLarge: true);
        yield return Zero("large of shared blocks", Pmd + 100, 2 * Page, isLarge: true);
        yield return OfFile("file collapse large", s => Do(() => s.A.CollapseRange(Pmd, Pmd)), (m, _) => Move(m, f => f.Collapse(Pmd, Pmd)), isLarge: true);
        yield return OfFile("file insert large", s => Do(() => s.A.InsertRange(Page, Page)), (m, _) => Move(m, f => f.Insert(Page, Page)), isLarge: true);
        yield return OfFile("file unshare large", s => Do(() => s.A.Unshare(Pmd, Pmd)), isLarge: true);
        yield return OfFile("file clone large", s => Do(() => s.A.CloneRange(0, Pmd, s.B, 0)), (m, _) => Copy(m, 0, Pmd, 0), isLarge: true);
    }

    private static IEnumerable<SweepOperation> Sharings()
    {
        yield return OfFile("file clone all", s => Do(() => s.A.CloneTo(s.B)), (m, _) =>
        {
            m["b"].SetLength(0);
            m["b"].Write(0, m["a"].Bytes);
        }) with
        {
            WithOlderKernel = true,
        };
        yield return OfFile("file clone a range", s => Do(() => s.A.CloneRange(0, 3 * Page, s.B, Page)), (m, _) => Copy(m, 0, 3 * Page, Page));
        yield return OfFile("file clone over the end", s => Do(() => s.A.CloneRange(0, 3 * Page, s.B, 8 * Page)), (m, _) => Copy(m, 0, 3 * Page, 8 * Page));
        yield return OfFile(
            "file clone a range within",
            s => Do(() => s.A.CloneRange(0, 2 * Page, s.A, 7 * Page)),
            (m, _) => m["a"].Write(7 * Page, m["a"].Bytes.AsSpan(0, 2 * Page)));
        yield return OfFile("file clone a pinned range", s => Do(() => s.A.CloneRange(2 * Page, Page, s.B, 0)), (m, _) => Copy(m, 2 * Page, Page, 0)) with
        {
            Prepare = PinIt,
        };
        yield return OfFile("file unshare", s => Do(() => s.A.Unshare((4 * Page) + 1, 2 * Page))) with { WithOlderKernel = true };
    }

    private static IEnumerable<SweepOperation> Views()
    {
        yield return OfView("read a page", s => Check(s.View.Read(0, Page).Length == Page)) with { WithOlderKernel = true };
        yield return OfView("read a hole", s => Check(s.View.Read(8 * Page, Page).Length == Page)) with { WithOlderKernel = true };
        yield return OfView("read unwritten blocks", s => Check(s.View.Read(6 * Page, 1).Length == 1));
        yield return OfView("read shared blocks", s => Check(s.View.Read(4 * Page, 1).Length == 1));
        yield return OfView("read pages one by one", s => Check(s.View.ReadAtMost(0, 3 * Page).Length > 0));
        yield return Store("a page", 9 * Page) with { WithOlderKernel = true };
        yield return Store("a hole", 8 * Page) with { WithOlderKernel = true };
        yield return Store("a hole that is mapped", 7 * Page);
        yield return Store("unwritten blocks", 6 * Page);
        yield return Store("shared blocks", 4 * Page) with { WithOlderKernel = true };
        yield return Store("shared blocks that are mapped", 5 * Page);
        yield return StoreSync("a page", 9 * Page);
        yield return StoreSync("a hole", 8 * Page) with { WithOlderKernel = true };
        yield return StoreSync("shared blocks that are mapped", 5 * Page);
        yield return StorePrivately("a page", 0) with { WithOlderKernel = true };
        yield return StorePrivately("a hole", 8 * Page);
        yield return StorePrivately("a page that is mapped", 0) with { Prepare = s => _ = s.Private.Read(0, 1) };
        yield return StorePrivately("the first page of all", 0) with
        {
            Prepare = s => Renew(s, MapMode.Private),
            After = (m, _) =>
            {
                m["a"].Copies.Clear();
                m["a"].CopyPrivately(5, Bytes.AsSpan(0, 8));
            },
        };
        yield return OfView("copy from", s => Do(() => s.View.CopyFrom(Bytes.AsSpan(0, 4 * Page), Page + 10)), (m, done) => m["a"].Write(Page + 10, Bytes.AsSpan(0, (int)done))) with
        {
            LengthBytes = 4 * Page,
            Stops = Boundaries(Page + 10, 4 * Page),
            WithOlderKernel = true,
        };
        yield return OfView("copy to", s => Do(() => s.View.CopyTo(new byte[10 * Page], 0)));
        yield return OfView("flush", s => Do(() => s.View.Flush(0, 4 * Page))) with { HandsErrorsOn = true };
        yield return OfView("persist", s => Do(() => s.View.Persist(0, 4 * Page))) with { HandsErrorsOn = true };
        yield return OfView("sync", s => Do(() => s.View.Sync(0, 4 * Page, s.Cancellation.Token))) with { TakesToken = true, WithOlderKernel = true };
        yield return OfView("forget pages", s => Do(() => s.Private.DontNeed(0, 4 * Page)), (m, _) => m["a"].Copies.Clear());
        yield return OfView("pin", s => Do(() => s.Pin = s.View.Pin(0, 4 * Page))) with { WithOlderKernel = true };
        yield return OfView("pin for reading", s => Do(() => s.Pin = s.View.Pin(0, 10 * Page, forWriting: false)));
        yield return OfView("pin large", s => Do(() => s.Pin = s.View.Pin(Pmd - Page, 2 * Page)), isLarge: true);
        yield return OfView("unpin", Unpin) with { Prepare = PinIt, HandsErrorsOn = true };
        yield return OfView("unpin after the file was closed", Unpin) with
        {
            Prepare = s =>
            {
                PinIt(s);
                s.A.Dispose();
            },
            HandsErrorsOn = true,
        };
        yield return OfView("dispose", s => Do(s.View.Dispose));
        yield return OfView("dispose private", s => Do(s.Private.Dispose), (m, _) => m["a"].Copies.Clear());
    }

    private static IEnumerable<SweepOperation> LargeViews()
    {
        yield return OfView("read large", s => Check(s.Synchronous.Read(0, Page).Length == Page), isLarge: true) with { WithOlderKernel = true };
        yield return OfView("read a large hole", s => Check(s.View.Read(2 * Pmd, Page).Length == Page), isLarge: true) with { WithOlderKernel = true };
        yield return OfView("read large shared blocks", s => Check(s.Synchronous.Read(Pmd, Page).Length == Page), isLarge: true);
        yield return Store("a large entry", 3 * Page, isLarge: true);
        yield return Store("a large hole", (2 * Pmd) + Page, isLarge: true) with { WithOlderKernel = true };
        yield return Store("a large hole that is mapped", (2 * Pmd) + Page, isLarge: true) with { Prepare = s => _ = s.View.Read(2 * Pmd, 1) };
        yield return Store("large shared blocks", Pmd + Page, isLarge: true) with { WithOlderKernel = true };
        yield return StoreSync("a large hole", (2 * Pmd) + Page, isLarge: true);
        yield return StoreSync("a large entry", 3 * Page, isLarge: true);
        yield return StoreSync("large shared blocks", Pmd + Page, isLarge: true);
        yield return StorePrivately("a large entry", 3 * Page, isLarge: true) with { WithOlderKernel = true };
        yield return StorePrivately("a large hole", (2 * Pmd) + Page, isLarge: true);
        yield return StorePrivately("a large entry that is mapped", 3 * Page, isLarge: true) with
        {
            Prepare = s => _ = s.Private.Read(0, 1),
            WithOlderKernel = true,
        };
    }

    private static IEnumerable<SweepOperation> Volumes()
    {
        yield return OfVolume("create", s => Do(() => s.Adopt("d", s.Volume.CreateTemporary(5, s.OptionsOf("d")))), m => m.Add("d").Grow(5));
        yield return OfVolume("create with a name", s => Do(() => s.Adopt("d", s.Volume.Create("d", 5, s.OptionsOf("d")))), m =>
        {
            m.Add("d").Grow(5);
            m["d"].IsNamed = true;
        });
        yield return OfVolume("open", s => Do(() => s.Adopt("c", s.Volume.Open("c", s.OptionsOf("c")))), m =>
        {
            m["c"].IsOpen = true;
            m["c"].Write(0, SweepFixture.BytesOfC());
        }) with
        {
            Prepare = s => s.C.Dispose(),
        };
        yield return OfVolume("delete", s => Do(() => s.Volume.Delete("c")), m => m["c"].IsNamed = false) with { Prepare = s => s.C.Dispose() };
        yield return OfVolume("of a new device", OpenVolume, _ => { });
        yield return OfVolume("free bytes", s => Check(s.Volume.FreeBytes > 0), _ => { });
        yield return OfVolume("dispose", s => Do(s.Volume.Dispose), m =>
        {
            foreach (FileState file in m.Files.Values)
            {
                Close(file);
                file.IsNamed = false;
            }
        });
    }

    private static SweepOperation Write(string what, int offset, int length, bool isLarge = false) => OfFile(
        $"file write {what}",
        s => s.A.Write(Bytes.AsSpan(0, length), offset),
        (m, done) => m["a"].Write(offset, Bytes.AsSpan(0, (int)done)),
        isLarge) with
    {
        LengthBytes = length,
        Stops = Boundaries(offset, length),
    };

    private static SweepOperation Truncate(string what, long size, bool isLarge = false) => OfFile(
        $"file truncate {what}", s => Do(() => s.A.SetLength(size)), (m, _) => m["a"].SetLength(size), isLarge) with
    {
        Edges = EdgesOf(size, 0),
    };

    private static SweepOperation Punch(string what, long offset, long length, bool isLarge = false) => OfFile(
        $"file punch {what}",
        s => Do(() => s.A.PunchHole(offset, length)),
        (m, _) => m["a"].Zero(offset, length),
        isLarge) with
    {
        Edges = EdgesOf(offset, length),
    };

    private static SweepOperation Zero(string what, long offset, long length, bool isLarge = false) => OfFile(
        $"file zero {what}",
        s => Do(() => s.A.ZeroRange(offset, length)),
        (m, _) =>
        {
            m["a"].Grow(offset + length);
            m["a"].Zero(offset, length);
        },
        isLarge) with
    {
        Edges = EdgesOf(offset, length),
    };

    private static SweepOperation Store(string what, long offset, bool isLarge = false) => OfView(
        $"store to {what}",
        s => Do(() => Bytes.AsSpan(0, 8).CopyTo(s.View.Write(offset + 5, 8))),
        (m, _) => m["a"].Write(offset + 5, Bytes.AsSpan(0, 8)),
        isLarge);

    private static SweepOperation StoreSync(string what, long offset, bool isLarge = false) => OfView(
        $"store synchronously to {what}",
        s => Do(() => Bytes.AsSpan(0, 8).CopyTo(s.Synchronous.Write(offset + 5, 8))),
        (m, _) => m["a"].Write(offset + 5, Bytes.AsSpan(0, 8)),
        isLarge) with
    {
        Also = s => IsCommitted(s, PageIndex.FromBytes(offset)),
    };

    private static SweepOperation StorePrivately(string what, long offset, bool isLarge = false) => OfView(
        $"store privately to {what}",
        s => Do(() => Bytes.AsSpan(0, 8).CopyTo(s.Private.Write(offset + 5, 8))),
        (m, _) => m["a"].CopyPrivately(offset + 5, Bytes.AsSpan(0, 8)),
        isLarge);

    private static SweepOperation OfFile(string name, Func<SweepFixture, long> act, Action<SweepModel, long>? after = null, bool isLarge = false) =>
        new(name, isLarge, act, after ?? ((_, _) => { }));

    private static SweepOperation OfView(string name, Func<SweepFixture, long> act, Action<SweepModel, long>? after = null, bool isLarge = false) =>
        new($"view {name}", isLarge, act, after ?? ((_, _) => { }));

    private static SweepOperation OfVolume(string name, Func<SweepFixture, long> act, Action<SweepModel> after) =>
        new($"volume {name}", IsLarge: false, act, (m, _) => after(m));

    private static long Do(Action work)
    {
        work();
        return -1;
    }

    private static long Check(bool holds) => holds ? -1 : throw new InvalidOperationException("the operation has given a wrong answer");

    // Writes and copies go piece by piece, and a piece ends with a page.
    private static List<long> Boundaries(long offset, long length)
    {
        var stops = new List<long>();
        for (long at = (offset / Page * Page) + Page; at < offset + Math.Min(length, 8 * Page); at += Page)
        {
            stops.Add(at - offset);
        }

        return stops;
    }

    private static IReadOnlyList<long> EdgesOf(long offset, long length) =>
        [.. new[] { offset, offset + length }.Where(at => at % Page != 0).Select(at => at / Page)];

    // A device whose first try failed is as good as new.
    private static long OpenVolume(SweepFixture scenario)
    {
        using var device = PmemDevice.CreateInMemory(Pmd);
        try
        {
            return Do(DaxVolume.ScratchOf(device).Dispose);
        }
        catch (DaxEnvironmentException)
        {
            Fallible.Plan = null;
            TryAgain(device);
            throw;
        }
    }

    private static void TryAgain(PmemDevice device)
    {
        try
        {
            _ = DaxVolume.ScratchOf(device).FreeBytes;
        }
        catch (DaxEnvironmentException failure)
        {
            throw new InvalidOperationException("what failed once fails for ever", failure);
        }
    }

    private static void PinIt(SweepFixture scenario) => scenario.Pin = scenario.View.Pin(2 * Page, Page);

    private static long Unpin(SweepFixture scenario)
    {
        PagePin pin = scenario.Pin!;
        scenario.Pin = null;
        pin.Dispose();
        return -1;
    }

    private static void Renew(SweepFixture scenario, MapMode mode)
    {
        scenario.Private.Dispose();
        scenario.ReplacePrivate(scenario.A.Map(0, 16 * Page, mode));
    }

    // Copies of a private view stay with their pages when a file's content moves.
    private static void Move(SweepModel model, Action<FileState> move) => move(model["a"]);

    private static void Copy(SweepModel model, int offset, int length, long to) => model["b"].Write(to, model["a"].Bytes.AsSpan(offset, length));

    private static void Close(FileState file)
    {
        file.IsOpen = false;
        file.SetLength(0);
    }

    private static string? IsDurable(SweepFixture scenario, string name) => SweepChecks.NotDurable(scenario, scenario.Extents[name], PageRange.All.End).Any()
        ? $"a loss of power would take pages of '{name}'"
        : null;

    private static string? IsCommitted(SweepFixture scenario, PageIndex page)
    {
        Extent now = scenario.A.Extents.Find(page, 1, ExtentIntent.Read).Source;
        return scenario.Committed.TryGetValue("a", out IReadOnlyList<Extent>? committed)
            && committed.Any(e => e.Contains(page) && e.Kind == ExtentKind.Mapped && e.PfnAt(page) == now.PfnAt(page))
            ? null
            : $"page {page} can be stored to, and a loss of power would take its block";
    }
}
