using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Checks;

/// <summary>Every page of both files holds on the device what was written last.</summary>
internal sealed class ContentChecks(SoakFixture fixture)
{
    // A gigabyte takes a fraction of a second; more is looked at in turns.
    private const long MostPages = 1 << 18;

    private readonly byte[] zeroes = new byte[DaxConstants.PageSize];
    private long next;

    public IEnumerable<SoakFinding> Run(bool isLast)
    {
        long first = isLast || next >= fixture.PageCount ? 0 : next;
        long end = isLast ? fixture.PageCount : Math.Min(fixture.PageCount, first + MostPages);
        next = end;
        return Range(fixture.File, PageSide.File, first, end)
            .Concat(Range(fixture.Clone, PageSide.Clone, Math.Min(first, fixture.ClonePageCount), Math.Min(end, fixture.ClonePageCount)))
            .Concat(Contested(first, end));
    }

    private IEnumerable<SoakFinding> Contested(long first, long end)
    {
        foreach (Extent extent in fixture.Contested.File.Extents.Snapshot().Where(e => e.Kind == ExtentKind.Mapped))
        {
            for (long page = Math.Max(first, extent.First.Value); page < Math.Min(end, extent.End.Value); page++)
            {
                if (ContestedFile.FindForeign(fixture.Device.GetSpan(extent.PfnAt(new PageIndex(page)), 1), page) is { } foreign)
                {
                    yield return new SoakFinding(FindingKind.Stale, $"{foreign}.\n{PageEvidence.Of(fixture, page, fixture.Contested.File)}");
                }
            }
        }
    }

    private IEnumerable<SoakFinding> Range(DaxFile file, PageSide side, long first, long end)
    {
        for (long page = first; page < end; page++)
        {
            Extent extent = file.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source;
            ReadOnlySpan<byte> bytes = extent.ReadsAsZeroes ? zeroes : fixture.Device.GetSpan(extent.PfnAt(new PageIndex(page)), 1);
            if (fixture.Stamps.Shown(side, page).Judge(bytes, out string seen) is { } kind)
            {
                yield return new SoakFinding(
                    kind,
                    $"page {page} ({side}) holds on the device {seen}, written last by job {fixture.Stamps.WriterOf(page)}.\n{PageEvidence.Of(fixture, page)}");
            }
        }
    }
}
