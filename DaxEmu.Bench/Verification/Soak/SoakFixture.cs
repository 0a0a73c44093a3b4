using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;

using HostMemory = DaxEmu.Bench.Devices.HostMemory;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>The device, the files and the views that a soak works on.</summary>
/// <remarks>
/// Three eighths of the device are the file, so that a punched block comes back as another one; the second file can share up to a half of
/// it, and an eighth is the contested file. What remains is for shared lines and for blocks on their way.
/// </remarks>
internal sealed class SoakFixture : IDisposable
{
    private const int Tail = 2;
    private const int MostContestedRegions = 4;
    private const int SlotCount = 4;

    private const long OwnBytes = 120L << 20;

    private readonly ScratchDevice scratch;
    private readonly DaxView ownOpener;
    private readonly DaxView?[] slots = new DaxView?[SlotCount];

    /// <param name="plan">What is to be done.</param>
    /// <param name="cancellation">Ends the reservation of the device's memory.</param>
    public SoakFixture(SoakPlan plan, CancellationToken cancellation = default)
    {
        scratch = OpenDevice(plan, cancellation);
        Profile = plan.Profile;
        long deviceRegions = Device.PageCount / DaxConstants.PagesPerPmd;
        long regions = deviceRegions * 3 / 8;
        PageCount = regions * DaxConstants.PagesPerPmd;
        ClonePageCount = regions / 2 * DaxConstants.PagesPerPmd;
        TailFirst = PageCount - (Tail * DaxConstants.PagesPerPmd);
        Waits = new WaitTable();
        var options = DaxFileOptions.Default with
        {
            Profile = plan.Profile,
            Waits = Waits,
            MaximumSizeBytes = PageCount << DaxConstants.PageShift,
        };
        Volume = DaxVolume.ScratchOf(Device);
        File = Volume.CreateTemporary(PageCount << DaxConstants.PageShift, options);
        Clone = Volume.CreateTemporary(ClonePageCount << DaxConstants.PageShift, options);
        Faults = new FaultLoop(new FaultHandler(File.Mapping));
        Stamps = new StampedPages(PageCount, ClonePageCount);
        Views =
        [
            File.Map(),
            File.Map(),
            File.Map(MapMode.Shared | MapMode.NoHugePage),
            ownOpener = new DaxView(Faults, File.Mapping.Map(new PageIndex(0), PageCount, MapMode.Shared, leadPages: 17), File, opener: null),
            File.Map(MapMode.Shared | MapMode.Sync),
        ];
        PrivateView = File.Map(MapMode.Private);
        CloneViews = [Clone.Map(), Clone.Map(MapMode.Shared | MapMode.NoHugePage)];
        Contested = new ContestedFile(Volume, options, Math.Min(deviceRegions / 8, MostContestedRegions) * DaxConstants.PagesPerPmd);
        Lines = new SharedLines(Volume, options, plan.JobCount);
        Small = new SmallVolume(plan.Profile, Waits);
        Files = [File, Clone, Contested.File, Lines.File, Lines.Copy];
        Holders = new OpenFiles(this);
    }

    public PmemDevice Device => scratch.Device;

    public DaxVolume Volume { get; }

    /// <summary>The file.</summary>
    public DaxFile File { get; }

    /// <summary>The second file; page by page it may share the first one's blocks.</summary>
    public DaxFile Clone { get; }

    /// <summary>Pages of the file.</summary>
    public long PageCount { get; }

    /// <summary>Pages of the second file.</summary>
    public long ClonePageCount { get; }

    /// <summary>The first page of those that are cut off and moved.</summary>
    public long TailFirst { get; }

    /// <summary>Where the threads sleep for entries: a table of its own, since some may never wake.</summary>
    public WaitTable Waits { get; }

    public FaultLoop Faults { get; }

    public StampedPages Stamps { get; }

    /// <summary>Views of the whole file through which it is stored to.</summary>
    public IReadOnlyList<DaxView> Views { get; }

    public DaxView PrivateView { get; }

    public IReadOnlyList<DaxView> CloneViews { get; }

    public IPageHolders Holders { get; }

    /// <summary>The profile of the entry locks.</summary>
    public WaitProfile Profile { get; }

    /// <summary>A file in which no page belongs to a thread.</summary>
    public ContestedFile Contested { get; }

    /// <summary>Pages that threads share line by line.</summary>
    public SharedLines Lines { get; }

    /// <summary>A volume that may be full.</summary>
    public SmallVolume Small { get; }

    /// <summary>All files that stay open.</summary>
    public IReadOnlyList<DaxFile> Files { get; }

    /// <summary>Whether memory may be lost in this interval: a sync may fail with EIO then, and promises nothing.</summary>
    public bool AllowsPoison { get; set; } = true;

    /// <summary>Views that any thread may use or replace at any time, which unmaps them under the others. Odd ones are shared.</summary>
    public Span<DaxView?> Slots => slots;

    /// <summary>A view to store through. Not a synchronous one while memory may be lost: its fault writes back, and fails with the writeback.</summary>
    public int ChooseWayToStore(ref StepRandom random)
    {
        int way = random.Next(Views.Count);
        return AllowsPoison && (Views[way].Mode & MapMode.Sync) != 0 ? 0 : way;
    }

    /// <summary>How messages call a file.</summary>
    public string NameOf(DaxFile file) => file == File ? "file"
        : file == Clone ? "second file"
        : file == Contested.File ? "contested file"
        : file == Lines.File ? "file of shared lines"
        : "clone of the shared lines";

    /// <summary>Sees whether the device can be had, before the control takes its time.</summary>
    /// <exception cref="Native.DaxEnvironmentException">It cannot.</exception>
    public static void Probe(SoakPlan plan) => OpenDevice(plan, CancellationToken.None).Dispose();

    /// <summary>At a quiescent point: brings what ends lazily to its end.</summary>
    public void Settle()
    {
        foreach (DaxFile file in Files)
        {
            file.Mapping.ReleaseBlocks(FreedBlocks.None);
        }

        _ = Volume.FreeBytes;
    }

    /// <summary>Syncs the file through the view to which errors are reported that the file's own syncs have reported already.</summary>
    public void SyncOwnOpener() => ownOpener.Sync(0, PageCount << DaxConstants.PageShift);

    public void Dispose()
    {
        Volume.Dispose();
        Small.Dispose();
        Lines.Dispose();
        Waits.Dispose();
        scratch.Dispose();
    }

    private static PmemDeviceOptions Options { get; } = PmemDeviceOptions.Default with { TracksDurable = true };

    private static ScratchDevice OpenDevice(SoakPlan plan, CancellationToken cancellation)
    {
        // The device, what of it a loss of power would leave, and the stacks of the threads; measured, rounded up.
        long bytes = plan.FileName is { } path && Path.Exists(path) ? DeviceProbe.Probe(path).SizeBytes : plan.SizeBytes;
        HostMemory.Require(
            $"a soak on {SizeText.Format(bytes)} with {plan.JobCount} threads", OwnBytes + (bytes / 4 * 7) + ((long)plan.JobCount << 20), "Use a smaller device or fewer jobs.");
        ScratchDevice scratch = ScratchDevice.Open(plan.FileName, plan.SizeBytes, Options with { Cancellation = cancellation }, plan.IsForced);
        if (scratch.Device.SizeBytes >= SoakPlan.MinimumSizeBytes)
        {
            return scratch;
        }

        (string name, long sizeBytes) = (scratch.Device.Name, scratch.Device.SizeBytes);
        scratch.Dispose();
        throw new Native.DaxEnvironmentException(
            $"{name} has {sizeBytes} bytes, and a soak needs at least {SoakPlan.MinimumSizeBytes}", "Use a larger device.", path: name);
    }

    /// <summary>The files, which stay open as long as they are asked for.</summary>
    private sealed class OpenFiles(SoakFixture fixture) : IPageHolders
    {
        public AddressSpace? MappingOf(long mappingId) => fixture.Files.FirstOrDefault(f => f.Mapping.Id == mappingId)?.Mapping;

        public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn) => fixture.Volume.PageHolders.PlacesOf(pfn);
    }
}
