using DaxEmu.Core.Device;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Files;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Native.Files;

namespace DaxEmu.Bench.Soak;

/// <summary>The device, the two files and the views that a soak works on.</summary>
/// <remarks>
/// Half of the device is the file, so that a punched block comes back as another one; the second file can share up to a half of it. What
/// remains is for blocks on their way.
/// </remarks>
internal sealed class SoakWorld : IDisposable
{
    private const int Tail = 2;

    public SoakWorld(SoakPlan plan)
    {
        Device = OpenDevice(plan);
        long regions = Device.PageCount / 2 / DaxConstants.PagesPerPmd;
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
        Volume = DaxVolume.Of(Device);
        File = Volume.CreateFile(PageCount << DaxConstants.PageShift, name: null, options);
        Clone = Volume.CreateFile(ClonePageCount << DaxConstants.PageShift, name: null, options);
        Faults = new FaultLoop(new FaultHandler(File.Mapping));
        Stamps = new StampedPages(PageCount, ClonePageCount);
        Views =
        [
            File.Map(),
            File.Map(),
            File.Map(MapMode.Shared | MapMode.NoHugePage),
            new DaxView(File, Faults, File.Mapping.Map(new PageIndex(0), PageCount, VmAreaKind.Shared, leadPages: 17)),
            File.Map(MapMode.Shared | MapMode.Sync),
        ];
        PrivateView = File.Map(MapMode.Private);
        CloneViews = [Clone.Map(), Clone.Map(MapMode.Shared | MapMode.NoHugePage)];
        Holders = new BothFiles(this);
    }

    public PmemDevice Device { get; }

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

    /// <summary>The two files.</summary>
    public IReadOnlyList<DaxFile> Files => [File, Clone];

    /// <summary>Sees whether the device can be had, before the control takes its time.</summary>
    /// <exception cref="Native.DaxEnvironmentException">It cannot.</exception>
    public static void Probe(SoakPlan plan) => OpenDevice(plan).Dispose();

    /// <summary>All threads stand still: brings what ends lazily to its end.</summary>
    public void Settle()
    {
        foreach (DaxFile file in Files)
        {
            file.Mapping.ReleaseBlocks(Core.Extents.FreedBlocks.None);
        }
    }

    public void Dispose()
    {
        Volume.Dispose();
        Waits.Dispose();
        Device.Dispose();
    }

    // A file that is made here has no name from the start, so that nothing is left of it, whatever way the process ends.
    private static PmemDevice OpenDevice(SoakPlan plan)
    {
        if (plan.FileName is not { } path)
        {
            return PmemDevice.CreateTemporary(plan.SizeBytes);
        }

        if (Path.Exists(path))
        {
            return RefuseSmall(PmemDevice.Open(path));
        }

        string fullPath = Path.GetFullPath(path);
        DeviceFile file = DeviceFile.Create(fullPath, plan.SizeBytes, sparse: false, unlinkAtOnce: true);
        return PmemDevice.FromFile(file, fullPath, path: null, PmemDeviceOptions.Default, isTemporary: true);
    }

    private static PmemDevice RefuseSmall(PmemDevice device)
    {
        long sizeBytes = device.SizeBytes;
        if (sizeBytes >= SoakPlan.MinimumSizeBytes)
        {
            return device;
        }

        string name = device.Name;
        device.Dispose();
        throw new Native.DaxEnvironmentException(
            $"{name} has {sizeBytes} bytes, and a soak needs at least {SoakPlan.MinimumSizeBytes}", "Use a larger device.", path: name);
    }

    /// <summary>The two files, which stay open as long as anybody asks.</summary>
    private sealed class BothFiles(SoakWorld world) : IPageHolders
    {
        public AddressSpace? MappingOf(long mappingId) => mappingId == world.File.Mapping.Id ? world.File.Mapping
            : mappingId == world.Clone.Mapping.Id ? world.Clone.Mapping
            : null;

        public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn) => world.Volume.PageHolders.PlacesOf(pfn);
    }
}
