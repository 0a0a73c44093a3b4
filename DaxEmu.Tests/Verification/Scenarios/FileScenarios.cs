using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Mm;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>
/// Scenarios over whole files: the inode lock, the release of blocks and the volume are part of what the scheduler orders. Two files on a
/// device of 4 MiB, each of four pages at the start.
/// </summary>
/// <remarks>Allocator and extent maps are guarded by locks of the runtime, so searches take samples and leave nothing out.</remarks>
internal static class FileScenarios
{
    private const int Page = DaxConstants.PageSize;
    private const int Pages = 4;

    private static readonly (string Name, Action<Files>[] Threads)[] All =
    [
        ("clone-or-write", [f => f.A.CloneTo(f.B), f => f.WriteA(1, 0x71)]),
        ("clones-both-ways", [f => f.A.CloneRange(0, Page, f.B, 0), f => f.B.CloneRange(2 * Page, Page, f.A, 2 * Page)]),
        ("clone-or-copy-in", [f => f.A.CloneTo(f.B), f => f.CopyIntoA(1, 0x71)]),
        ("truncate-copy-in-and-write", [f => f.A.SetLength(0), f => f.CopyIntoA(1, 0x71), f => f.WriteB(Pages, 0x72)]),
        ("sync-or-close", [f => Files.Expecting(() => f.A.Sync()), f => f.A.Dispose()]),
        ("unmap-or-sync", [f => { f.CopyIntoA(1, 0x71); f.A.Sync(); f.RequireDurable(f.A, 1); }, f => f.Other.Dispose()]),
        ("unmap-or-write", [f => f.WriteA(Pages, 0x71), f => f.Other.Dispose()]),
        ("pinned-punch-and-write", [f => f.Pin!.Dispose(), f => f.A.PunchHole(Page, Page), f => f.WriteB(Pages, 0x72)]),
        ("unshare-or-store", [f => f.A.CloneRange(0, Page, f.B, 0), f => f.A.Unshare(0, Page), f => f.WriteB(1, 0x72)]),
        ("full-device", [f => f.FillWith(f.A), f => f.FillWith(f.B)]),
        ("two-syncs-and-a-store", [f => { f.CopyIntoA(1, 0x71); f.A.Sync(); f.RequireDurable(f.A, 1); }, f => f.A.Sync()]),
    ];

    public static IEnumerable<string> Names => All.Select(s => s.Name);

    /// <summary>A scenario by name.</summary>
    public static Scenario Named(string name)
    {
        Action<Files>[] threads = All.Single(s => s.Name == name).Threads;
        return Of(name, threads);
    }

    /// <summary>A scenario of threads.</summary>
    public static Scenario Of(string name, params Action<Files>[] threads) =>
        new("file-" + name, "fixed", "Operations of whole files.", () => new Run(threads, isPinned: name.StartsWith("pinned", StringComparison.Ordinal)))
        {
            Model = MemoryModel.SequentiallyConsistent,
            IsOrderedBySteps = false,
            StepLimit = 400_000,
        };

    /// <summary>What the threads of a scenario work on.</summary>
#pragma warning disable CA1001 // What an abandoned run holds is left to the collector.
    internal sealed class Files
#pragma warning restore CA1001
    {
        private const int WaitBits = 3;

        private readonly WaitTable waits = new(WaitBits);
        private readonly Dictionary<(DaxFile, long), byte> written = [];

        public Files(bool isPinned)
        {
            Device = PmemDevice.CreateInMemory(
                2 * DaxConstants.PmdSize, new PmemDeviceOptions { Flush = FlushMethod.None, PreferHugePages = false, TracksDurable = true });
            Volume = DaxVolume.ScratchOf(Device);
            A = Make(1);
            B = Make(2);
            View = A.Map(0, 8 * Page, MapMode.Shared | MapMode.NoHugePage);
            Other = A.Map(0, 8 * Page, MapMode.Shared | MapMode.NoHugePage);
            _ = Other.Read(0, 1);
            Pin = isPinned ? View.Pin(Page, Page) : null;
            A.Mapping.ForgetLastExtents();
            B.Mapping.ForgetLastExtents();
        }

        public PmemDevice Device { get; }

        public DaxVolume Volume { get; }

        public DaxFile A { get; }

        public DaxFile B { get; }

        public DaxView View { get; }

        public DaxView Other { get; }

        public PagePin? Pin { get; }

        /// <summary>Does something that may find its file closed.</summary>
        public static void Expecting(Action action)
        {
            try
            {
                action();
            }
            catch (ObjectDisposedException)
            {
                // Closed by another thread: a documented error.
            }
        }

        public void WriteA(long page, byte value) => Write(A, page, value);

        public void WriteB(long page, byte value) => Write(B, page, value);

        public void CopyIntoA(long page, byte value)
        {
            try
            {
                View.CopyFrom(Bytes(value), page * Page);
            }
            catch (DaxException)
            {
                // Past the end of a file that was cut off: SIGBUS to a process.
            }
        }

        /// <summary>Writes until the device is full, and takes it all back.</summary>
        public void FillWith(DaxFile file)
        {
            try
            {
                file.Allocate(0, 2 * DaxConstants.PmdSize - (16 * Page));
            }
            catch (DaxException e) when (e.Errno == 28)
            {
                // The other file has the blocks.
            }

            file.SetLength(Pages * Page);
        }

        public void RequireDurable(DaxFile file, long page)
        {
            Extent extent = file.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source;
            ScenarioCheck.That(
                extent.ReadsAsZeroes || Device.Durable!.IsDurable(extent.PfnAt(new PageIndex(page)).OffsetBytes, Page),
                $"page {page} was stored to and synced, and is not durable");
        }

        public void Check()
        {
            DaxFile[] open = [.. new[] { A, B }.Where(f => !f.IsClosed)];
            foreach (DaxFile file in open)
            {
                IReadOnlyList<string> wrong = file.Mapping.Entries.Verify();
                ScenarioCheck.That(wrong.Count == 0, string.Join(' ', wrong));
                ScenarioCheck.That(file.IsIdle, "an inode lock is still taken");
                for (long page = 0; page < Pages + 1; page++)
                {
                    CheckPage(file, page);
                }
            }

            Volume.Allocator.Verify();
            ScenarioCheck.That(Device.Owners.FirstBusy(new PfnRange(new Pfn(0), Device.PageCount)) is null, "a page is still pinned");
            long free = Volume.FreeBytes >> DaxConstants.PageShift;
            long used = open.SelectMany(f => f.ExtentList.Select(e => new PfnRange(e.Pfn, e.PageCount)).Concat(f.Extents.BlocksAside))
                .SelectMany(r => Enumerable.Range(0, (int)r.PageCount).Select(i => r.First.Value + i)).Distinct().LongCount();
            ScenarioCheck.That(free + used == Device.PageCount, $"{free} pages are free, {used} are in files, and the device has {Device.PageCount}");
        }

        private static byte[] Bytes(byte value)
        {
            var bytes = new byte[Page];
            bytes.AsSpan().Fill(value);
            return bytes;
        }

        private void Write(DaxFile file, long page, byte value)
        {
            file.Write(Bytes(value), page * Page);
            written[(file, page)] = value;
        }

        // What was written last stays, if no other thread writes there; a page is dirty, or its bytes are durable; one page has one value.
        private void CheckPage(DaxFile file, long page)
        {
            Extent extent = file.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source;
            if (extent.ReadsAsZeroes)
            {
                return;
            }

            ReadOnlySpan<byte> bytes = Device.SpanUnchecked(extent.PfnAt(new PageIndex(page)).OffsetBytes, Page);
            ScenarioCheck.That(bytes.IndexOfAnyExcept(bytes[0]) < 0, $"page {page} of file {file.Mapping.Id} is torn");
            ScenarioCheck.That(
                file != B || !written.TryGetValue((file, page), out byte value) || bytes[0] == value, $"page {page} of file 2 shows 0x{bytes[0]:x}");
            bool isDirty = file.Mapping.Entries[new PageIndex(page)].Entry.IsDirty;
            ScenarioCheck.That(
                isDirty || Device.Durable!.IsDurable(extent.PfnAt(new PageIndex(page)).OffsetBytes, Page),
                $"page {page} of file {file.Mapping.Id} is clean, and not durable");
        }

        private DaxFile Make(int id)
        {
            DaxFile file = Volume.CreateTemporary(0, DaxFileOptions.Default with
            {
                MaximumSizeBytes = 2 * DaxConstants.PmdSize,
                Waits = waits,
                MappingId = id,
            });
            for (int page = 0; page < Pages; page++)
            {
                file.Write(Bytes((byte)((id * 16) + page)), page * Page);
            }

            return file;
        }
    }

    private sealed class Run : IScenarioRun
    {
        private readonly Files files;

        public Run(Action<Files>[] threads, bool isPinned)
        {
            files = new Files(isPinned);
            Threads = [.. threads.Select((work, i) => new ScenarioThread($"thread {i}", () => work(files), AsymmetricLock.Forget))];
        }

        public IReadOnlyList<ScenarioThread> Threads { get; }

        public void Check() => Unscheduled.Look(() =>
        {
            files.Check();
            return true;
        });

        // What an abandoned run holds is left to the collector.
        public void Dispose()
        {
        }
    }
}
