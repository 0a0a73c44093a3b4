using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

/// <summary>Two files under random operations, against an array of one cell a page. After each step every page and every count is compared.</summary>
public sealed class ExtentModelTests
{
    private const int FilePages = 1600;
    private const int DevicePages = 5 * DaxConstants.PagesPerPmd;

    /// <summary>What the model knows of a page. Contents stand for blocks: all that share a block see one content.</summary>
    private readonly record struct Cell(ExtentKind Kind, int Content);

    private sealed class Scenario : IDisposable
    {
        public BlockAllocator Allocator { get; } = new(new PfnRange(new Pfn(0), DevicePages));

        public StampedBlocks Device { get; } = new(DevicePages);

        public InMemoryExtentMap[] Maps { get; }

        public Cell[][] Model { get; } = [new Cell[FilePages], new Cell[FilePages]];

        public Scenario(bool shares)
        {
            Shares = shares;
            Maps = [new InMemoryExtentMap(Allocator, Device), new InMemoryExtentMap(Allocator, Device)];
        }

        /// <summary>Whether files share blocks. Where they do, extents that could be one may stay two.</summary>
        public bool Shares { get; }

        public void Dispose() => Allocator.Dispose();
    }

    [Test]
    public void RandomOperationsAgreeWithAPlainArray([Range(1, 12)] int seed)
    {
        var random = new Random(seed);
        using var scenario = new Scenario(shares: seed % 2 == 0);
        int stamp = 0;
        for (int step = 0; step < 400; step++)
        {
            string operation = Step(scenario, random, ref stamp);
            Compare(scenario, $"seed {seed}, step {step}: {operation}");
            scenario.Allocator.Verify();
        }

        foreach (InMemoryExtentMap map in scenario.Maps)
        {
            map.Truncate(new PageIndex(0)).Release();
        }

        Assert.That(scenario.Allocator.FreePageCount, Is.EqualTo(DevicePages), "blocks were lost");
    }

    private static string Step(Scenario scenario, Random random, ref int stamp)
    {
        int file = random.Next(2);
        InMemoryExtentMap map = scenario.Maps[file];
        Cell[] cells = scenario.Model[file];
        int first = random.Next(FilePages - 1);
        int count = random.Next(1, Math.Min(random.Next(2) == 0 ? 8 : 700, FilePages - first) + 1);
        var range = new PageRange(new PageIndex(first), count);
        switch (random.Next(scenario.Shares ? 10 : 9))
        {
            case <= 3:
                Write(scenario, map, cells, first, count, ++stamp, isAbandoned: random.Next(8) == 0);
                return $"write {file} {range}";
            case 4:
                IoError error = map.Allocate(range);
                for (int i = first; i < first + count && error == IoError.None; i++)
                {
                    cells[i] = cells[i].Kind == ExtentKind.Hole ? new Cell(ExtentKind.Unwritten, 0) : cells[i];
                }

                return $"allocate {file} {range} {error}";
            case 5:
                map.Punch(range).Release();
                cells.AsSpan(first, count).Clear();
                return $"punch {file} {range}";
            case 6:
                error = map.ToUnwritten(range, out FreedBlocks freed);
                freed.Release();
                if (error == IoError.None)
                {
                    cells.AsSpan(first, count).Fill(new Cell(ExtentKind.Unwritten, 0));
                }

                return $"zero {file} {range} {error}";
            case 7:
                map.Collapse(range).Release();
                cells.AsSpan(first + count).CopyTo(cells.AsSpan(first));
                cells.AsSpan(FilePages - count).Clear();
                return $"collapse {file} {range}";
            case 8:
                map.Truncate(new PageIndex(FilePages - count)).Release();
                map.Insert(range).Release();
                cells.AsSpan(first, FilePages - first - count).ToArray().CopyTo(cells.AsSpan(first + count));
                cells.AsSpan(first, count).Clear();
                return $"insert {file} {range}";
            default:
                int target = random.Next(FilePages - count);
                InMemoryExtentMap source = scenario.Maps[1 - file];
                map.ShareFrom(source, range, new PageIndex(target)).Release();
                for (int i = 0; i < count; i++)
                {
                    Cell from = scenario.Model[1 - file][first + i];
                    cells[target + i] = from.Kind == ExtentKind.Mapped ? from : default;
                }

                return $"share {file} {range} to {target}";
        }
    }

    private static void Write(Scenario scenario, InMemoryExtentMap map, Cell[] cells, int first, int count, int stamp, bool isAbandoned)
    {
        int at = first;
        while (at < first + count)
        {
            var index = new PageIndex(at);
            ExtentAnswer answer = map.Find(index, first + count - at, ExtentIntent.Write);
            if (answer.Error == IoError.NoSpace)
            {
                return;
            }

            int length = (int)Math.Min(answer.Target.End - index, first + count - at);
            for (int i = at; i < at + length; i++)
            {
                Pfn pfn = answer.Target.PfnAt(new PageIndex(i));
                bool wasMapped = cells[i].Kind == ExtentKind.Mapped;
                if (!answer.IsCopy && !wasMapped && scenario.Device[pfn] != 0)
                {
                    Assert.Fail($"page {i} is new and not zeroed");
                }

                scenario.Device[pfn] = stamp;
                cells[i] = answer.IsCopy && isAbandoned ? cells[i] : new Cell(ExtentKind.Mapped, stamp);
            }

            map.End(answer, new PageRange(index, isAbandoned ? 0 : length)).Release();
            at += length;
        }
    }

    private static void Compare(Scenario scenario, string what)
    {
        for (int file = 0; file < 2; file++)
        {
            Extent last = default;
            foreach (Extent extent in scenario.Maps[file].Snapshot())
            {
                bool continues = last.PageCount > 0 && extent.First == last.End && extent.Pfn == last.Pfn + last.PageCount;
                if (extent.First < last.End || (continues && extent.Kind == last.Kind && !scenario.Shares))
                {
                    Assert.Fail($"{what}: {extent} of file {file} should be one with {last}");
                }

                last = extent;
            }

            for (int page = 0; page < FilePages; page++)
            {
                var index = new PageIndex(page);
                Extent extent = scenario.Maps[file].Find(index, 1, ExtentIntent.Read).Target;
                Cell cell = scenario.Model[file][page];
                bool isRight = extent.Kind == cell.Kind && extent.Contains(index)
                    && (cell.Kind != ExtentKind.Mapped || scenario.Device[extent.PfnAt(index)] == cell.Content);
                if (!isRight)
                {
                    Assert.Fail($"{what}: page {page} of file {file} is {extent}, not {cell}");
                }

                CompareShortWays(scenario.Maps[file], index, extent, $"{what}: page {page} of file {file}");
            }
        }
    }

    // What reads and overwrites ask for in numbers is what the map answers.
    private static void CompareShortWays(InMemoryExtentMap map, PageIndex index, in Extent extent, string what)
    {
        bool isMapped = map.TryFindMapped(index, out Pfn pfn, out long left);
        if (isMapped != (extent.Kind == ExtentKind.Mapped) || (isMapped && (pfn != extent.PfnAt(index) || left < extent.End - index)))
        {
            Assert.Fail($"{what} is {extent}, and the short way finds {left} pages from {pfn} on");
        }

        for (int count = 1; count <= 3; count++)
        {
            bool isOwn = isMapped && !extent.IsShared && extent.End >= index + count;
            if (map.TryFindOwn(new PageRange(index, count), out Pfn first) != isOwn || (isOwn && first != pfn))
            {
                Assert.Fail($"{what} is {extent}, and of {count} pages the short way says {!isOwn} and {first}");
            }
        }
    }
}
