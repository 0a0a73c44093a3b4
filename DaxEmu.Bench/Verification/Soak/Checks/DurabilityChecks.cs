using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Checks;

/// <summary>
/// What a loss of power would leave: a page of a file is dirty, or its bytes are durable; what some operation made durable is so in any
/// case; and after a sync everything is.
/// </summary>
internal sealed class DurabilityChecks(SoakFixture fixture)
{
    // As many pages as are compared at once; of larger files a part at a time.
    private const long MostPages = 1 << 18;
    private const int MostSyncs = 3;

    private long next;

    /// <summary>How much was compared.</summary>
    public SoakCounts Counts { get; private set; }

    /// <summary>Written pages of a file whose bytes a loss of power would change.</summary>
    /// <param name="device">Its device, which keeps track of what is durable.</param>
    /// <param name="file">The file, with no thread at work on it.</param>
    /// <param name="isDirtyAllowed">Whether pages with a dirty entry are passed over.</param>
    public static IEnumerable<string> FindVolatile(PmemDevice device, DaxFile file, bool isDirtyAllowed)
    {
        foreach ((PageIndex page, Pfn pfn) in Written(file, 0, long.MaxValue))
        {
            EntrySnapshot seen = file.Mapping.Entries[page];
            if (!(isDirtyAllowed && IsDirty(seen)) && !device.Durable!.IsDurable(pfn.OffsetBytes, DaxConstants.PageSize))
            {
                yield return isDirtyAllowed
                    ? $"page {page} is not dirty ({seen}), and a loss of power would not leave what device page {pfn} holds"
                    : $"page {page} was synced ({seen}), and a loss of power would not leave what device page {pfn} holds";
            }
        }
    }

    /// <summary>Before a sync.</summary>
    public IEnumerable<SoakFinding> BeforeSync(bool isLast)
    {
        (long first, long end) = Choose(isLast);
        return fixture.Files.SelectMany(f => Clean(f, first, end))
            .Concat(Promised(fixture.File, PageSide.File, first, Math.Min(end, fixture.PageCount)))
            .Concat(Promised(fixture.Clone, PageSide.Clone, first, Math.Min(end, fixture.ClonePageCount)));
    }

    /// <summary>Syncs all files, and the view that is an opener of its own: an error is reported once to each opener.</summary>
    public IEnumerable<SoakFinding> Sync() => fixture.Files.Select(f => Sync(f, () => f.Sync()))
        .Append(Sync(fixture.File, fixture.SyncOwnOpener))
        .OfType<SoakFinding>();

    private SoakFinding? Sync(DaxFile file, Action sync)
    {
        string? problem = null;
        for (int i = 0; i < MostSyncs; i++)
        {
            problem = Try(sync);

            // An error of a page that was lost for a while is reported once.
            if (problem is null || !fixture.AllowsPoison)
            {
                break;
            }
        }

        return problem is null
            ? null
            : new SoakFinding(FindingKind.Error, $"{fixture.NameOf(file)}: no page is lost, and a sync fails: {problem}");
    }

    /// <summary>After a sync: no page may differ.</summary>
    public IEnumerable<SoakFinding> AfterSync(bool isLast)
    {
        long first = isLast ? 0 : Math.Max(0, next - MostPages);
        foreach (DaxFile file in fixture.Files)
        {
            foreach ((PageIndex page, Pfn pfn) in Written(file, first, isLast ? long.MaxValue : first + MostPages))
            {
                Counts = Counts with { SyncedPages = Counts.SyncedPages + 1 };
                if (!fixture.Device.Durable!.IsDurable(pfn.OffsetBytes, DaxConstants.PageSize))
                {
                    yield return Volatile(file, page, pfn, "was synced");
                }
            }
        }
    }

    private static string? Try(Action sync)
    {
        try
        {
            sync();
            return null;
        }
        catch (DaxException e)
        {
            return e.Message;
        }
    }

    private static bool IsDirty(EntrySnapshot seen) => seen is { IsPresent: true, Entry.IsDirty: true };

    private static IEnumerable<(PageIndex Page, Pfn Pfn)> Written(DaxFile file, long first, long end)
    {
        foreach (Extent extent in file.Extents.Snapshot().Where(e => e.Kind == ExtentKind.Mapped))
        {
            long stop = Math.Min(end, extent.End.Value);
            for (long page = Math.Max(first, extent.First.Value); page < stop; page++)
            {
                yield return (new PageIndex(page), extent.PfnAt(new PageIndex(page)));
            }
        }
    }

    private (long First, long End) Choose(bool isLast)
    {
        long first = isLast || next >= fixture.PageCount ? 0 : next;
        next = isLast ? fixture.PageCount : first + MostPages;
        return (first, isLast ? long.MaxValue : next);
    }

    private IEnumerable<SoakFinding> Clean(DaxFile file, long first, long end)
    {
        foreach ((PageIndex page, Pfn pfn) in Written(file, first, end))
        {
            EntrySnapshot seen = file.Mapping.Entries[page];
            if (IsDirty(seen))
            {
                continue;
            }

            Counts = Counts with { CleanPages = Counts.CleanPages + 1 };
            if (!fixture.Device.Durable!.IsDurable(pfn.OffsetBytes, DaxConstants.PageSize))
            {
                yield return Volatile(file, page, pfn, $"is not dirty ({(seen.IsPresent ? $"its entry is {seen}" : "it has no entry")})");
            }
        }
    }

    private IEnumerable<SoakFinding> Promised(DaxFile file, PageSide side, long first, long end)
    {
        foreach ((PageIndex page, Pfn pfn) in Written(file, first, end))
        {
            PageStamp promised = fixture.Stamps.Durable(side, page.Value);
            if (promised.IsZero)
            {
                continue;
            }

            Counts = Counts with { PromisedPages = Counts.PromisedPages + 1 };
            ReadOnlySpan<byte> durable = fixture.Device.Durable!.Bytes(pfn.OffsetBytes, DaxConstants.PageSize);
            if (!promised.Survives(durable, page.Value, fixture.Stamps.Shown(side, page.Value)))
            {
                yield return Volatile(file, page, pfn, $"was made durable with {promised}");
            }
        }
    }

    private SoakFinding Volatile(DaxFile file, PageIndex page, Pfn pfn, string why)
    {
        ReadOnlySpan<byte> held = fixture.Device.GetSpan(pfn, 1);
        ReadOnlySpan<byte> durable = fixture.Device.Durable!.Bytes(pfn.OffsetBytes, DaxConstants.PageSize);
        int at = held.CommonPrefixLength(durable) & ~(sizeof(ulong) - 1);
        string bytes = at < DaxConstants.PageSize
            ? $"{StampAt(durable, at)} at byte {at} instead of {StampAt(held, at)}"
            : "what it holds";
        return new SoakFinding(
            FindingKind.Undurable, $"{fixture.NameOf(file)}: page {page} {why}, and a loss of power would leave {bytes}.\n{PageEvidence.Of(fixture, page.Value, file)}");
    }

    private static PageStamp StampAt(ReadOnlySpan<byte> bytes, int at) => new(BitConverter.ToUInt64(bytes[at..]));
}
