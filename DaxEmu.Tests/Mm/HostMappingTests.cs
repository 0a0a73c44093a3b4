using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native;
using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Mm;

/// <summary>Files mapped at real addresses. The accesses are loads and stores of native code, which fault for real.</summary>
[TestFixture]
public sealed class HostMappingTests
{
    private const int Page = 4096;
    private const int Huge = 2 << 20;

    private PmemDevice device = null!;
    private DaxVolume volume = null!;
    private DaxFile file = null!;

    [SetUp]
    public void Begin()
    {
        device = PmemDevice.CreateTemporary(16 << 20);
        volume = DaxVolume.ScratchOf(device);
        file = volume.Create("a", 8 << 20);
    }

    [TearDown]
    public void End()
    {
        file.Dispose();
        volume.Dispose();
        device.Dispose();
    }

    [Test]
    public void AStoreReachesTheFileAndALoadSeesWhatTheFileGets()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, 5000, 7);
        Assert.That(ReadFile(5000), Is.EqualTo(7));
        file.Write([9], 5001);
        Assert.That(Load(mapping, 5001), Is.EqualTo(9));
        Assert.That(mapping.Area.TranslationOf(1).IsWritable || mapping.Area.TranslationOf(1).IsHuge);
    }

    [Test]
    public void AlignedFreshBlocksAreOne2MiBMappingOfTheHost()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, Huge + 3, 1);
        Assert.Multiple(() =>
        {
            Assert.That(mapping.Area.TranslationOf(512).IsHuge);
            Assert.That(Shown(mapping).Single(), Is.EqualTo((Huge, 2 * Huge, "rw")));
        });
    }

    [Test]
    public void NothingIsShownThatIsNotTranslatedAndNeverWithMoreRights()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared | MapMode.NoHugePage);
        for (int page = 0; page < 8; page++)
        {
            file.Write([1], page * Page);
            Load(mapping, page * Page);
        }

        Store(mapping, 2 * Page, 5);
        CheckNeverMore(mapping);
        Assert.That(Shown(mapping), Is.EqualTo(new[] { (0, 2 * Page, "r-"), (2 * Page, 3 * Page, "rw"), (3 * Page, 8 * Page, "r-") }));
    }

    [Test]
    public void WritebackMakesTheNextStoreFaultAndThePageDirtyAgain()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared | MapMode.NoHugePage);
        Store(mapping, 0, 1);
        file.Sync();
        CheckNeverMore(mapping);
        Assert.That(Shown(mapping).Single().Rights, Is.EqualTo("r-"));
        Store(mapping, 0, 2);
        Assert.That(file.Mapping.Entries.Lookup(new PageIndex(0)).IsDirty);
        Assert.That(ReadFile(0), Is.EqualTo(2));
    }

    [Test]
    public void APageThatWasTruncatedAwayGivesAnErrorAndItsBlockIsNotSeen()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, 5 * Page, 1);
        file.SetLength(4 * Page);
        Assert.Multiple(() =>
        {
            Assert.That(HostAccess.Load(mapping.Address + (5 * Page), new byte[1], out _), Is.EqualTo(IoError.BeyondEof));
            Assert.That(HostAccess.Store(mapping.Address + (5 * Page), new byte[1], out int copied), Is.EqualTo(IoError.BeyondEof));
            Assert.That(copied, Is.Zero);
            Assert.That(Shown(mapping), Is.Empty);
        });
    }

    [Test]
    public void ACopyStopsAtThePageThatCannotBeReached()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        file.SetLength(3 * Page);
        var bytes = new byte[4 * Page];
        Assert.That(HostAccess.Load(mapping.Address + Page, bytes, out int copied), Is.EqualTo(IoError.BeyondEof));
        Assert.That(copied, Is.EqualTo(2 * Page));
    }

    [Test]
    public void LostMemoryIsPoison()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, 0, 1);
        file.InjectPoison(0);
        Assert.That(HostAccess.Load(mapping.Address, new byte[1], out _), Is.EqualTo(IoError.Poison));
        file.Write(new byte[Huge], 0); // a page that is written whole is there again
    }

    [Test]
    public void AHoleReadsAsZeroesUntilItIsWritten()
    {
        using HostMapping first = file.MapHost(0, 8 << 20, MapMode.Shared);
        using HostMapping second = file.MapHost(0, 8 << 20, MapMode.Shared);
        Assert.That(Load(first, 100), Is.Zero);
        Assert.That(Load(second, 100), Is.Zero);
        Store(first, 100, 3);
        Assert.That(Load(second, 100), Is.EqualTo(3));
        CheckNeverMore(first);
        CheckNeverMore(second);
    }

    [Test]
    public void APrivateStoreStaysInItsMapping()
    {
        file.Write([1], 0);
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Private);
        Assert.That(Load(mapping, 0), Is.EqualTo(1));
        Store(mapping, 0, 2);
        Assert.Multiple(() =>
        {
            Assert.That(Load(mapping, 0), Is.EqualTo(2));
            Assert.That(ReadFile(0), Is.EqualTo(1));
        });
        mapping.Zap(mapping.Address, Page);
        Assert.That(Load(mapping, 0), Is.EqualTo(1));
    }

    [Test]
    public void ACloneIsCopiedByTheFirstStore()
    {
        file.Write([1], 0);
        using DaxFile clone = volume.Create("b", 8 << 20);
        file.CloneTo(clone);
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Assert.That(Load(mapping, 0), Is.EqualTo(1));
        Store(mapping, 0, 2);
        Assert.That(ReadFile(0), Is.EqualTo(2));
        var other = new byte[1];
        clone.Read(other, 0);
        Assert.That(other[0], Is.EqualTo(1));
    }

    [Test]
    public void APartThatIsUnmappedIsGoneAndTheRestStays()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, 0, 1);
        Store(mapping, 3 * Page, 1);
        mapping.Unmap(mapping.Address + (2 * Page), Page);
        Assert.Multiple(() =>
        {
            Assert.That(HostAccess.Load(mapping.Address + (2 * Page), new byte[1], out int copied), Is.EqualTo(IoError.None), "the address is no mapping's any more");
            Assert.That(copied, Is.Zero);
            Assert.That(Load(mapping, 0), Is.EqualTo(1));
            Assert.That(Load(mapping, 3 * Page), Is.EqualTo(1));
        });
    }

    [Test]
    public void AProtectedPartRefusesStoresUntilItAllowsThemAgain()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, 0, 1);
        Assert.That(mapping.TryProtect(mapping.Address, Page, canRead: true, canWrite: false));
        Assert.That(HostAccess.Store(mapping.Address, [2], out _), Is.EqualTo(IoError.ReadOnly));
        Assert.That(Load(mapping, 0), Is.EqualTo(1));
        Assert.That(mapping.TryProtect(mapping.Address, Page, canRead: false, canWrite: false));
        Assert.That(HostAccess.Load(mapping.Address, new byte[1], out _), Is.EqualTo(IoError.ReadOnly));
        Assert.That(mapping.TryProtect(mapping.Address, Page, canRead: true, canWrite: true));
        Store(mapping, 0, 3);
        Assert.That(ReadFile(0), Is.EqualTo(3));
    }

    [Test]
    public void FaultAroundShowsThePagesThatHaveEntriesAndNoOthers()
    {
        file.Allocate(0, 64 * Page);
        using (HostMapping earlier = file.MapHost(0, 8 << 20, MapMode.Shared | MapMode.NoHugePage))
        {
            for (int page = 0; page < 32; page++)
            {
                Store(earlier, page * Page, 1);
            }
        }

        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared | MapMode.NoHugePage, new HostMappingOptions { FaultAroundBytes = 64 * Page });
        Store(mapping, 4 * Page, 2);
        Assert.That(Shown(mapping).Single(), Is.EqualTo((0, 32 * Page, "rw")));
        CheckNeverMore(mapping);
    }

    [Test]
    [NonParallelizable]
    public void AnExtentIsShownByOneCallAndZappedByOne()
    {
        file.Allocate(0, 2 * Huge);
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared | MapMode.NoHugePage);
        long maps = HostFaults.Counts.MapCalls;
        Assert.That(mapping.Populate(mapping.Address, 100 * Page, isWrite: true, out nint reached), Is.EqualTo(IoError.None));
        Assert.Multiple(() =>
        {
            Assert.That(reached, Is.EqualTo(mapping.Address + (100 * Page)));
            Assert.That(HostFaults.Counts.MapCalls - maps, Is.EqualTo(1));
            Assert.That(Shown(mapping).Single(), Is.EqualTo((0, 100 * Page, "rw")));
        });
        long drops = HostFaults.Counts.DropCalls;
        mapping.Zap(mapping.Address, mapping.LengthBytes);
        Assert.That(HostFaults.Counts.DropCalls - drops, Is.EqualTo(1));
        Assert.That(Shown(mapping), Is.Empty);
    }

    [Test]
    public void PopulatingEndsAtThePageThatCannotBeReached()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        file.SetLength(3 * Page);
        Assert.That(mapping.Populate(mapping.Address, 8 * Page, isWrite: true, out nint reached), Is.EqualTo(IoError.BeyondEof));
        Assert.That(reached, Is.EqualTo(mapping.Address + (3 * Page)));
        Assert.That(mapping.Populate(mapping.Address, 3 * Page, isWrite: false, out reached), Is.EqualTo(IoError.None));
        Assert.That(reached, Is.EqualTo(mapping.Address + (3 * Page)));
    }

    [Test]
    public void AMappingWithoutAFileBehindItsDeviceIsRefused()
    {
        using var memory = PmemDevice.CreateInMemory(4 << 20);
        using var other = DaxVolume.ScratchOf(memory);
        using DaxFile there = other.Create("a", Page);
        Assert.That(() => there.MapHost(0, Page, MapMode.Shared), Throws.TypeOf<DaxEnvironmentException>().With.Message.Contains("no file"));
    }

    [Test]
    public void AForeignBadAddressEndsACopyToo()
    {
        nint nowhere = HostRange.Reserve(0, Page, 0, HostPlace.Any);
        Assert.That(HostAccess.Load(nowhere, new byte[8], out int copied), Is.EqualTo(IoError.None));
        Assert.That(copied, Is.Zero);
        HostRange.Release(nowhere, Page);
    }

    [Test]
    public void ClosingTheFileLeavesNothingShown()
    {
        HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        Store(mapping, 0, 1);
        file.Dispose();
        Assert.That(Shown(mapping), Is.Empty);
        Assert.That(HostAccess.Load(mapping.Address, new byte[1], out int copied), Is.EqualTo(IoError.ReadOnly));
        Assert.That(copied, Is.Zero);
        mapping.Dispose();
    }

    [Test]
    public void ThreadsThatStoreUnderTruncateAndWritebackLoseNothing()
    {
        using HostMapping mapping = file.MapHost(0, 8 << 20, MapMode.Shared);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        long wrong = 0;
        Thread[] stores = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            var seen = new byte[1];
            for (int turn = 0; !end.IsCancellationRequested; turn++)
            {
                // Each thread has a page of its own below the size that truncate goes down to.
                nint address = mapping.Address + (number * Page);
                HostAccess.Store(address, [(byte)turn], out _);
                HostAccess.Load(address, seen, out _);
                wrong += seen[0] == (byte)turn ? 0 : 1;
                _ = HostAccess.Store(mapping.Address + ((16 + (turn % 64)) * Page), [1], out _);
            }
        }))];
        var layout = new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                file.SetLength(8 * Page);
                file.SetLength(8 << 20);
                file.Sync();
            }
        });
        foreach (Thread thread in stores.Append(layout))
        {
            thread.Start();
        }

        foreach (Thread thread in stores.Append(layout))
        {
            thread.Join();
        }

        Assert.That(wrong, Is.Zero);
        CheckNeverMore(mapping);
    }

    private static void Store(HostMapping mapping, long offset, byte value)
    {
        Assert.That(HostAccess.Store(mapping.Address + (nint)offset, [value], out int copied), Is.EqualTo(IoError.None));
        Assert.That(copied, Is.EqualTo(1));
    }

    private static byte Load(HostMapping mapping, long offset)
    {
        var value = new byte[1];
        Assert.That(HostAccess.Load(mapping.Address + (nint)offset, value, out int copied), Is.EqualTo(IoError.None));
        Assert.That(copied, Is.EqualTo(1));
        return value[0];
    }

    private byte ReadFile(long offset)
    {
        var value = new byte[1];
        file.Read(value, offset);
        return value[0];
    }

    // What the kernel has mapped of the range: offsets and rights.
    private static List<(int From, int End, string Rights)> Shown(HostMapping mapping)
    {
        var shown = new List<(int, int, string)>();
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string[] ends = fields[0].Split('-');
            long from = Math.Max(long.Parse(ends[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), mapping.Address);
            long end = Math.Min(long.Parse(ends[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture), mapping.Address + mapping.LengthBytes);
            if (from < end && fields[1][..2] != "--")
            {
                shown.Add(((int)(from - mapping.Address), (int)(end - mapping.Address), fields[1][..2]));
            }
        }

        return shown;
    }

    private static void CheckNeverMore(HostMapping mapping)
    {
        foreach ((int from, int end, string rights) in Shown(mapping))
        {
            for (int offset = from; offset < end; offset += Page)
            {
                Translation there = mapping.Area.TranslationOf(VmaPage.FromBytes(offset));
                Assert.That(there.IsPresent, $"page {offset / Page} is shown without a translation");
                Assert.That(rights != "rw" || there.IsWritable, $"page {offset / Page} is writable without right");
            }
        }
    }
}
