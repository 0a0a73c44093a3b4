using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.Checks;

/// <summary>No thread is inside of anything: there is no waiter, no lock, no pin.</summary>
internal static class QuiescenceChecks
{
    public static IEnumerable<string> Run(SoakFixture fixture)
    {
        if (fixture.Waits.WaiterCount is var sleepers and not 0)
        {
            yield return $"{sleepers} threads sleep for an entry although no thread works.";
        }

        foreach (DaxFile file in fixture.Files)
        {
            string name = fixture.NameOf(file);
            if (!file.Mapping.InvalidateLock.IsFree)
            {
                yield return $"{name}: the invalidate lock is held although no thread works.";
            }

            if (!fixture.AllowsPoison && file.Mapping.Errors.Unreported is var errno and not 0)
            {
                yield return $"{name}: a writeback failed with {errno}.";
            }

            if (!file.IsIdle)
            {
                yield return $"{name}: the inode lock is held although no thread works.";
            }

            if (file.Length != file.Mapping.MaximumSizeBytes && file == fixture.File)
            {
                yield return $"{name}: it has {file.Length} bytes instead of {file.Mapping.MaximumSizeBytes}.";
            }
        }

        if (fixture.Stamps.TakenCount is var taken and not 0)
        {
            yield return $"{taken} pages are still taken by threads.";
        }

        if (fixture.Device.Owners.FirstBusy(new PfnRange(new Pfn(0), fixture.Device.PageCount)) is { } busy)
        {
            yield return $"device page {busy} is pinned although no thread works.";
        }
    }
}
