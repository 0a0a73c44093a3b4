using DaxEmu.Core.Extents;
using DaxEmu.Core.Files;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Soak.Checks;

/// <summary>Every page of both files holds on the device what was written last.</summary>
internal sealed class ContentChecks(SoakWorld world)
{
    // A gigabyte takes a fraction of a second; more is looked at in turns.
    private const long MostPages = 1 << 18;

    private readonly byte[] zeroes = new byte[DaxConstants.PageSize];
    private long next;

    public IEnumerable<SoakFinding> Run(bool isLast)
    {
        long first = isLast || next >= world.PageCount ? 0 : next;
        long end = isLast ? world.PageCount : Math.Min(world.PageCount, first + MostPages);
        next = end;
        return Range(world.File, PageSide.File, first, end)
            .Concat(Range(world.Clone, PageSide.Clone, Math.Min(first, world.ClonePageCount), Math.Min(end, world.ClonePageCount)))
            .Concat(Contested(first, end));
    }

    private IEnumerable<SoakFinding> Contested(long first, long end)
    {
        foreach (Extent extent in world.Contested.File.Extents.Snapshot().Where(e => e.Kind == ExtentKind.Mapped))
        {
            for (long page = Math.Max(first, extent.First.Value); page < Math.Min(end, extent.End.Value); page++)
            {
                if (ContestedFile.FindForeign(world.Device.GetSpan(extent.PfnAt(new PageIndex(page)), 1), page) is { } foreign)
                {
                    yield return new SoakFinding(FindingKind.Stale, $"{foreign}.\n{PageEvidence.Of(world, page, world.Contested.File)}");
                }
            }
        }
    }

    private IEnumerable<SoakFinding> Range(DaxFile file, PageSide side, long first, long end)
    {
        for (long page = first; page < end; page++)
        {
            Extent extent = file.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source;
            ReadOnlySpan<byte> bytes = extent.ReadsAsZeroes ? zeroes : world.Device.GetSpan(extent.PfnAt(new PageIndex(page)), 1);
            if (world.Stamps.Shown(side, page).Judge(bytes, out string seen) is { } kind)
            {
                yield return new SoakFinding(
                    kind,
                    $"page {page} ({side}) holds on the device {seen}, written last by job {world.Stamps.WriterOf(page)}.\n{PageEvidence.Of(world, page)}");
            }
        }
    }
}
