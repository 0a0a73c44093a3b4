using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

public sealed class ScriptedExtentMapTests
{
    private const int N = DaxConstants.PagesPerPmd;
    private const ExtentIntent WriteFault = ExtentIntent.Write | ExtentIntent.Fault;

    [Test]
    public void AHoleFilledInsideTheSizeIsAnsweredAlone([ValueSource(nameof(ScriptedFileSystems))] object fileSystem)
    {
        ScriptedExtentMap map = Map((ScriptedFileSystem)fileSystem, 4 * N, [At(10, 1010, N)], [At(0, 1000, N + 10)], touched: 3);
        Extent answer = map.Find(new PageIndex(0), N, WriteFault).Target;
        Assert.That(answer, Is.EqualTo(new Extent(
            new PageIndex(0), 10, ExtentKind.Mapped, new Pfn(1000), ExtentFlags.New | ExtentFlags.Dirty)));
        Assert.That(map.Find(new PageIndex(3), 1, WriteFault).Target.Flags, Is.EqualTo(ExtentFlags.None), "allocated by the 2 MiB fault");
    }

    [TestCase(ScriptedFileSystem.Xfs, N + 10)]
    [TestCase(ScriptedFileSystem.Ext4, 10)]
    public void OnlyXfsJoinsAConversion(object fileSystem, long pageCount)
    {
        ScriptedExtentMap map = Map(
            (ScriptedFileSystem)fileSystem, 4 * N, [At(0, 1000, 10, ExtentKind.Unwritten), At(10, 1010, N)], [At(0, 1000, N + 10)], touched: 3);
        Assert.That(map.Find(new PageIndex(0), N, WriteFault).Target.PageCount, Is.EqualTo(pageCount));
    }

    [TestCase(ScriptedFileSystem.Xfs, N + 10)]
    [TestCase(ScriptedFileSystem.Ext4, 10)]
    public void OnlyXfsJoinsPastTheSize(object fileSystem, long pageCount)
    {
        ScriptedExtentMap map = Map((ScriptedFileSystem)fileSystem, N - 1, [At(10, 1010, N)], [At(0, 1000, N + 10)], touched: 3);
        Assert.That(map.Find(new PageIndex(0), N, WriteFault).Target.PageCount, Is.EqualTo(pageCount));
    }

    [Test]
    public void ATouchBehindTheFirstRunAllocatesOnlyWithItsOwn4KiBFault()
    {
        ScriptedExtentMap map = Map(
            ScriptedFileSystem.Xfs, 4 * N, [At(10, 1010, 10)], [At(10, 1010, 10), At(30, 1030, 1)], touched: 30);
        Extent answer = map.Find(new PageIndex(0), N, WriteFault).Target;
        Assert.That((answer.Kind, answer.PageCount), Is.EqualTo((ExtentKind.Hole, 10L)));
        Assert.That(map.Find(new PageIndex(30), 1, WriteFault).Target.Flags, Is.EqualTo(ExtentFlags.New | ExtentFlags.Dirty));
    }

    [Test]
    public void DirtyMetadataIsToldUntilTheyAreDurable()
    {
        ScriptedExtentMap map = Map(ScriptedFileSystem.Ext4, 4 * N, [At(0, 1000, 10)], [At(0, 1000, 10)], touched: 3);
        map.IsMetadataDirty = true;
        Assert.That(map.Find(new PageIndex(3), 1, WriteFault).Target.Flags, Is.EqualTo(ExtentFlags.Dirty));
        map.Commit();
        Assert.That(map.Find(new PageIndex(3), 1, WriteFault).Target.Flags, Is.EqualTo(ExtentFlags.None));
    }

    [Test]
    public void AReadNeverChangesAnything()
    {
        ScriptedExtentMap map = Map(ScriptedFileSystem.Xfs, 4 * N, [], [At(0, 1000, 10)], touched: 3);
        Assert.That(map.Find(new PageIndex(3), 1, ExtentIntent.Fault).Target.Kind, Is.EqualTo(ExtentKind.Hole));
        Assert.That(map.Current, Is.Empty);
        map.Advance();
        Assert.That(map.Find(new PageIndex(3), 1, ExtentIntent.Fault).Target.Kind, Is.EqualTo(ExtentKind.Mapped));
    }

    /// <summary>
    /// The rules in the form in which they were found, page by page and with one decision a line, against a fault core that asks the map.
    /// </summary>
    [Test]
    public void AFaultCoreDecidesAsTheRulesDo([ValueSource(nameof(ScriptedFileSystems))] object fileSystem, [Range(1, 8)] int seed)
    {
        var random = new Random(seed);
        var seen = new Dictionary<string, int>();
        for (int i = 0; i < 3000; i++)
        {
            Extent[] before = RandomExtents(random);
            int touched = random.Next(2 * N);
            Extent[] after = Filled(before, touched, random);
            long sizePages = random.Next(touched + 1, 3 * N);
            bool isWrite = random.Next(4) != 0;

            var rules = new Rules((ScriptedFileSystem)fileSystem, sizePages, before);
            string expected = rules.Pmd(touched, isWrite, after);
            expected += expected == "FALLBACK" ? " " + rules.Pte(touched, isWrite, after) : string.Empty;

            ScriptedExtentMap map = Map((ScriptedFileSystem)fileSystem, sizePages, before, after, touched);
            string got = CorePmd(map, touched, isWrite);
            got += got == "FALLBACK" ? " " + CorePte(map, touched, isWrite) : string.Empty;
            if (got != expected)
            {
                Assert.Fail($"page {touched}, write {isWrite}, size {sizePages}: {got}, not {expected}\n"
                    + $"before {string.Join("; ", before)}\nafter {string.Join("; ", after)}");
            }

            string kind = expected.Split('@')[0];
            seen[kind] = seen.GetValueOrDefault(kind) + 1;
        }

        Assert.That(seen.Keys, Is.SupersetOf(new[] { "HUGE", "HUGE-NEW", "HUGE-ZERO", "FALLBACK MAJOR", "FALLBACK NOPAGE", "FALLBACK ZERO" }));
    }

    private static string CorePmd(ScriptedExtentMap map, int touched, bool isWrite)
    {
        PageIndex first = new PageIndex(touched).PmdStart;
        Extent extent = map.Find(first, N, isWrite ? WriteFault : ExtentIntent.Fault).Target;
        if (extent.End - first < N)
        {
            return "FALLBACK";
        }

        if (extent.Kind != ExtentKind.Mapped)
        {
            return isWrite ? "FALLBACK" : "HUGE-ZERO";
        }

        return !extent.PfnAt(first).IsPmdAligned ? "FALLBACK"
            : (extent.Flags & ExtentFlags.New) != 0 ? $"HUGE-NEW@{extent.PfnAt(first)}" : $"HUGE@{extent.PfnAt(first)}";
    }

    private static string CorePte(ScriptedExtentMap map, int touched, bool isWrite)
    {
        Extent extent = map.Find(new PageIndex(touched), 1, isWrite ? WriteFault : ExtentIntent.Fault).Target;
        return extent.Kind != ExtentKind.Mapped ? "ZERO"
            : ((extent.Flags & ExtentFlags.New) != 0 ? "MAJOR" : "NOPAGE") + $"@{extent.PfnAt(new PageIndex(touched))}";
    }

    private static Extent At(long first, long pfn, long count, ExtentKind kind = ExtentKind.Mapped) =>
        new(new PageIndex(first), count, kind, new Pfn(pfn));

    private static ScriptedExtentMap Map(ScriptedFileSystem fileSystem, long sizePages, Extent[] before, Extent[] after, int touched)
    {
        var map = new ScriptedExtentMap(fileSystem) { SizeBytes = sizePages * DaxConstants.PageSize, TouchedPage = new PageIndex(touched) };
        map.SetBefore(before);
        map.SetAfter(after);
        return map;
    }

    private static Extent[] RandomExtents(Random random)
    {
        var list = new List<Extent>();
        long page = random.Next(3) == 0 ? 0 : random.Next(20);
        while (page < 2 * N)
        {
            long length = random.Next(3) == 0 ? random.Next(1, 20) : random.Next(N, 2 * N);
            var kind = (ExtentKind)random.Next(3);
            if (kind != ExtentKind.Hole)
            {
                list.Add(At(page, page + (random.Next(3) == 0 ? 7 : 4 * N), length, kind));
            }

            page += length;
        }

        return [.. list];
    }

    /// <summary>The extents after a write to the page: the run it lies in is filled, from the start of the 2 MiB or from the page on.</summary>
    private static Extent[] Filled(Extent[] before, int touched, Random random)
    {
        var tree = ExtentTree.Of(before);
        var page = new PageIndex(touched);
        Extent run = tree.Covering(page);
        if (run.Kind == ExtentKind.Mapped)
        {
            return before;
        }

        PageIndex from = run.First > page.PmdStart ? run.First : page.PmdStart;
        PageIndex end = page.PmdStart + N < run.End ? page.PmdStart + N : run.End;
        (from, end) = random.Next(3) == 0 ? (page, page + 1) : (from, end);
        Pfn pfn = run.Kind == ExtentKind.Unwritten ? run.PfnAt(from) : new Pfn(from.Value + (random.Next(4) == 0 ? 9 : 4 * N));
        return [.. tree.With(PageRange.Between(from, end), new Extent(from, end - from, ExtentKind.Mapped, pfn)).In(PageRange.All)];
    }

    /// <summary>The rules, without entries and tables: those are the fault core's.</summary>
    private sealed class Rules(ScriptedFileSystem fileSystem, long sizePages, Extent[] extents)
    {
        private Extent[] now = extents;

        public string Pmd(int touched, bool isWrite, Extent[] after)
        {
            long first = touched / N * N;
            (ExtentKind kind, long pfn, long length) = Run(first, now);
            if (isWrite && kind != ExtentKind.Mapped && touched < first + length)
            {
                now = after;
                if (fileSystem == ScriptedFileSystem.Xfs && (kind == ExtentKind.Unwritten || first + N > sizePages))
                {
                    length = Math.Max(length, Run(first, after).Length);
                }
            }

            if (length < N)
            {
                return "FALLBACK";
            }

            if (!isWrite && kind != ExtentKind.Mapped)
            {
                return "HUGE-ZERO";
            }

            bool isNew = kind != ExtentKind.Mapped;
            if (isWrite)
            {
                (kind, pfn, length) = Run(first, after);
                if (kind != ExtentKind.Mapped || length < N)
                {
                    return "FALLBACK";
                }
            }

            return pfn % N != 0 ? "FALLBACK" : isNew ? $"HUGE-NEW@{pfn}" : $"HUGE@{pfn}";
        }

        public string Pte(int touched, bool isWrite, Extent[] after)
        {
            (ExtentKind kind, long pfn, _) = Run(touched, now);
            bool isMajor = kind != ExtentKind.Mapped;
            if (!isWrite)
            {
                return isMajor ? "ZERO" : $"NOPAGE@{pfn}";
            }

            (_, pfn, _) = Run(touched, after);
            return (isMajor ? "MAJOR" : "NOPAGE") + $"@{pfn}";
        }

        private static (ExtentKind Kind, long Pfn, long Length) Run(long page, Extent[] extents)
        {
            long next = long.MaxValue / 2;
            foreach (Extent extent in extents)
            {
                if (extent.First.Value <= page && page < extent.End.Value)
                {
                    return (extent.Kind, extent.Pfn.Value + page - extent.First.Value, extent.End.Value - page);
                }

                next = extent.First.Value > page ? Math.Min(next, extent.First.Value) : next;
            }

            return (ExtentKind.Hole, 0, next - page);
        }
    }

    private static IEnumerable<object> ScriptedFileSystems => Enum.GetValues<ScriptedFileSystem>().Cast<object>();
}
