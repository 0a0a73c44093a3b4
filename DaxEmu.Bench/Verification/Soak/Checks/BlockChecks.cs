using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Bench.Verification.Soak.Checks;

/// <summary>
/// Every block belongs to as many files as the allocator says and no free one to any; every entry stands on its file's block; every
/// device page has the holders that the entries say.
/// </summary>
internal sealed class BlockChecks(SoakFixture fixture)
{
    private readonly ushort[] users = new ushort[fixture.Device.PageCount];
    private readonly bool[] isWritten = new bool[fixture.Device.PageCount];
    private readonly ushort[] holders = new ushort[fixture.Device.PageCount];

    public IEnumerable<string> Run()
    {
        Array.Clear(users);
        Array.Clear(holders);
        Array.Clear(isWritten);
        foreach (DaxFile file in fixture.Files)
        {
            CountUsers(file);
            foreach (string problem in Entries(file))
            {
                yield return problem;
            }
        }

        foreach (string problem in Recount().Concat(Pages()))
        {
            yield return problem;
        }
    }

    private static IEnumerable<PfnRange> BlocksOf(DaxFile file) =>
        file.Extents.Snapshot().Select(e => new PfnRange(e.Pfn, e.PageCount)).Concat(file.Extents.BlocksAside);

    private void CountUsers(DaxFile file)
    {
        foreach (PfnRange run in BlocksOf(file))
        {
            for (long i = 0; i < run.PageCount; i++)
            {
                users[run.First.Value + i]++;
            }
        }

        foreach (Extent extent in file.Extents.Snapshot().Where(e => e.Kind == ExtentKind.Mapped))
        {
            isWritten.AsSpan((int)extent.Pfn.Value, (int)extent.PageCount).Fill(true);
        }
    }

    // Of a real entry each page is the file's block there; of a zero entry no page has one that was written.
    private IEnumerable<string> Entries(DaxFile file)
    {
        foreach (EntrySnapshot seen in file.Mapping.Entries.Snapshot())
        {
            for (PageIndex page = seen.Start; page < seen.Range.End; page += 1)
            {
                Extent extent = file.Extents.Find(page, 1, ExtentIntent.Read).Source;
                if (seen.Entry.IsReal)
                {
                    Pfn pfn = seen.Entry.Pfn + (page - seen.Start);
                    holders[pfn.Value]++;
                    if (extent.ReadsAsZeroes || extent.PfnAt(page) != pfn)
                    {
                        yield return $"page {page} has the entry {seen}, and its extent is {extent}.";
                    }
                }
                else if (seen.Entry.IsZero && !extent.ReadsAsZeroes)
                {
                    yield return $"page {page} has the entry {seen}, and its extent is {extent}.";
                }
            }

            if (seen.Start >= file.Mapping.EndIndex)
            {
                yield return $"the entry {seen} lies past EOF.";
            }
        }
    }

    private IEnumerable<string> Recount()
    {
        string? problem = null;
        try
        {
            fixture.Volume.Allocator.Verify();
        }
        catch (InvalidOperationException e)
        {
            problem = e.Message;
        }

        if (problem is not null)
        {
            yield return problem;
        }
    }

    private IEnumerable<string> Pages()
    {
        BlockAllocator allocator = fixture.Volume.Allocator;
        PageOwners owners = fixture.Device.Owners;
        for (var pfn = new Pfn(0); pfn.Value < fixture.Device.PageCount; pfn += 1)
        {
            long counted = allocator.ShareCount(pfn);
            if (counted != users[pfn.Value])
            {
                yield return counted == 0
                    ? $"device page {pfn} is free, and {users[pfn.Value]} files have it."
                    : $"device page {pfn} is counted for {counted} files, and {users[pfn.Value]} have it.";
            }

            PageOwner owner = owners.Find(pfn);
            if (owner.HolderCount != holders[pfn.Value])
            {
                yield return $"device page {pfn} is held by {owner}, and {holders[pfn.Value]} entries stand on it.";
            }

            if (counted == 0 && !owner.IsNone)
            {
                yield return $"device page {pfn} is free, and {owner} reaches it.";
            }

            // One that was never written may be: a write clears its poison.
            if (isWritten[pfn.Value] && fixture.Device.PoisonList.Contains(pfn))
            {
                yield return $"device page {pfn} is in use, and its memory is still called lost.";
            }
        }
    }
}
