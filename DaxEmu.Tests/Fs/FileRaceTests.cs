using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>
/// Opposite operations of whole files on real threads, a second each. For longer runs set the environment variable
/// <c>DAXEMU_RACE_SECONDS</c>.
/// </summary>
public sealed class FileRaceTests
{
    private const int Page = DaxConstants.PageSize;
    private const int Line = 64;
    private const MapMode Small = MapMode.Shared | MapMode.NoHugePage;

    private static readonly TimeSpan Time = TimeSpan.FromSeconds(
        double.TryParse(Environment.GetEnvironmentVariable("DAXEMU_RACE_SECONDS"), out double seconds) ? seconds : Effort.IsThorough ? 1 : 0.4);

    [Test]
    public void ViewsComeAndGoBesideSyncAndWrite()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(16 << 20);
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(4 << 20);
        using DaxView view = file.Map();
        Race(
            () =>
            {
                view.CopyFrom([1, 2, 3], Random.Shared.Next(1 << 20));
                file.Sync();
            },
            () =>
            {
                file.PunchHole(0, 1 << 20);
                file.Write(new byte[5 * Page], Random.Shared.Next(1 << 20));
            },
            () =>
            {
                using DaxView other = file.Map(Random.Shared.Next(2) == 0 ? Small : MapMode.Shared);
                _ = other.Read(Random.Shared.Next(1 << 20), 1)[0];
            });
    }

    [Test]
    public void AStoreThatIsSyncedIsDurableWhoeverElseFaultsOrSyncs([Values(Small, MapMode.Shared)] MapMode mode)
    {
        using PmemDevice device = Tracked(16 << 20);
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        file.Write(new byte[4 << 20], 0);
        using DaxView view = file.Map(mode);
        using DaxView other = file.Map(mode);
        ulong value = 0;
        Race(
            () =>
            {
                view.CopyFrom(BitConverter.GetBytes(++value), 0);
                file.Sync();
                Assert.That(Durable(device, file, 0), Is.EqualTo(value));
            },
            () =>
            {
                other.CopyFrom([1], Line);
                other.DontNeed(0, Page);
            },
            () => file.Sync());
    }

    [Test]
    public void ACopyIntoAViewNeverReachesABlockThatWasGivenUp()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(8 << 20);
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(2 << 20);
        using DaxFile other = DaxVolume.ScratchOf(device).CreateTemporary(0);
        using DaxView view = file.Map();
        byte[] ones = new byte[2 << 20];
        ones.AsSpan().Fill(1);
        byte[] twos = new byte[2 << 20];
        twos.AsSpan().Fill(2);
        Race(
            () =>
            {
                try
                {
                    view.CopyFrom(ones, 0);
                }
                catch (DaxException)
                {
                    // Past the end, for a moment.
                }
            },
            () =>
            {
                file.SetLength(0);
                other.Write(twos, 0);
                byte[] seen = new byte[2 << 20];
                other.Read(seen, 0);
                Assert.That(seen.AsSpan().IndexOfAnyExcept((byte)2), Is.Negative, "another file's bytes");
                other.SetLength(0);
                file.SetLength(2 << 20);
            });
    }

    [Test]
    public void ACloneDoesNotChangeOnceItIsMade([Values(MapMode.Shared, MapMode.Shared | MapMode.Sync)] MapMode mode)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(16 << 20);
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(1 << 20);
        using DaxFile clone = DaxVolume.ScratchOf(device).CreateTemporary(0);
        using DaxView view = file.Map(mode);
        byte value = 0;
        byte[] bytes = new byte[1 << 20];
        Race(
            () =>
            {
                bytes.AsSpan().Fill(++value);
                view.CopyFrom(bytes, 0);
            },
            () =>
            {
                file.CloneTo(clone);
                byte[] first = new byte[1 << 20];
                byte[] second = new byte[1 << 20];
                clone.Read(first, 0);
                Thread.Yield();
                clone.Read(second, 0);
                Assert.That(first.AsSpan().CommonPrefixLength(second), Is.EqualTo(first.Length), "the clone changed");
            });
    }

    [Test]
    public void APrivateViewMayBeDisposedUnderACopy()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(8 << 20);
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(2 << 20);
        DaxView view = file.Map(MapMode.Private);
        byte[] bytes = new byte[1 << 20];
        Race(
            () => Disposed(() => Volatile.Read(ref view).CopyFrom(bytes, 0)),
            () => Disposed(() => Volatile.Read(ref view).CopyTo(new byte[1 << 20], 0)),
            () =>
            {
                DaxView old = Interlocked.Exchange(ref view, file.Map(MapMode.Private));
                old.Dispose();
            });
    }

    [Test]
    public void AWriteThatCopiesLeavesNoEntryOnTheOldBlock()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(16 << 20);

        // Linux 6.1 marks entries dirty that were only read, so that syncs meet shared ones.
        DaxFileOptions options = DaxFileOptions.Default with { Behaviour = KernelBehaviour.Linux61 };
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0, options);
        using DaxFile clone = DaxVolume.ScratchOf(device).CreateTemporary(0, options);
        file.Write(new byte[64 * Page], 0);
        using DaxView view = file.Map(0, 64 * Page, Small);
        Race(
            () =>
            {
                file.CloneTo(clone);
                for (int page = 0; page < 64; page++)
                {
                    _ = view.Read(page * Page, 1)[0];
                    view.CopyFrom([1], page * Page);
                    file.Write([2], (page * Page) + 1);
                }

                foreach (var entry in file.Mapping.Entries.Snapshot().Where(e => e.Entry is { IsReal: true, IsLocked: false }))
                {
                    Assert.That(file.Extents.Find(entry.Start, 1, ExtentIntent.Read).Source.PfnAt(entry.Start), Is.EqualTo(entry.Entry.Pfn));
                }
            },
            () => file.Sync());
    }

    [Test]
    public void AFileMayBeClosedBesideWhateverRuns()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(16 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(1 << 20);
        DaxFile? current = file;
        Race(
            () => Disposed(() => Volatile.Read(ref current)!.Sync()),
            () => Disposed(() =>
            {
                using DaxView view = Volatile.Read(ref current)!.Map();
                view.CopyFrom([1, 2, 3], 0);
                view.Persist(0, 3);
            }),
            () =>
            {
                DaxFile? old = Interlocked.Exchange(ref current, DaxVolume.ScratchOf(device).CreateTemporary(1 << 20));
                old!.Dispose();
            });
        current.Dispose();
    }

    private static PmemDevice Tracked(long sizeBytes) => PmemDevice.CreateInMemory(sizeBytes, new PmemDeviceOptions { TracksDurable = true });

    private static ulong Durable(PmemDevice device, DaxFile file, long offset) => BitConverter.ToUInt64(
        device.Durable!.Bytes(file.Extents.Find(PageIndex.FromBytes(offset), 1, ExtentIntent.Read).Source.PfnAt(PageIndex.FromBytes(offset)).OffsetBytes, 8));

    private static void Disposed(Action action)
    {
        try
        {
            action();
        }
        catch (ObjectDisposedException)
        {
            // A documented answer.
        }
    }

    private static void Race(params Action[] sides)
    {
        DateTime end = DateTime.UtcNow + Time;
        Task[] tasks = [.. sides.Select(side => Task.Factory.StartNew(
            () =>
            {
                while (DateTime.UtcNow < end)
                {
                    side();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default))];
        Assert.That(Task.WaitAll(tasks, Time + TimeSpan.FromSeconds(30)), "a side hangs");
    }
}
