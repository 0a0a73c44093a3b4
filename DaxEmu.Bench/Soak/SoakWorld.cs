using DaxEmu.Core.Device;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;

namespace DaxEmu.Bench.Soak;

/// <summary>The device, the file and the VMAs that a soak works on.</summary>
internal sealed class SoakWorld : IDisposable
{
    private readonly string? fileToRemove;

    public SoakWorld(SoakPlan plan)
    {
        if (plan.FileName is { } path && !File.Exists(path))
        {
            Device = PmemDevice.Create(path, plan.SizeBytes);
            fileToRemove = path;
        }
        else
        {
            Device = plan.FileName is { } existing ? PmemDevice.Open(existing) : PmemDevice.CreateTemporary(plan.SizeBytes);
        }

        // Half of the device is the file, so that a punched block comes back as another one.
        PageCount = Device.PageCount / 2 / DaxConstants.PagesPerPmd * DaxConstants.PagesPerPmd;
        Allocator = new BlockAllocator(new PfnRange(new Pfn(0), Device.PageCount)) { InUseCheck = Device.Owners.FirstInUse };
        Extents = new InMemoryExtentMap(Allocator, new DeviceZeroer(Device));
        Waits = new WaitTable();
        Mapping = new AddressSpace(Device, Extents, PageCount << DaxConstants.PageShift, new AddressSpaceOptions
        {
            Profile = plan.Profile,
            MaximumSizeBytes = PageCount << DaxConstants.PageShift,
            Waits = Waits,
        });
        Faults = new FaultLoop(new FaultHandler(Mapping));
        Stamps = new StampedPages(PageCount);
        Views =
        [
            View(VmAreaKind.Shared, null),
            View(VmAreaKind.Shared, null),
            View(VmAreaKind.Shared | VmAreaKind.NoHugePage, null),
            View(VmAreaKind.Shared, 17),
            View(VmAreaKind.Shared | VmAreaKind.Sync, null),
        ];
    }

    public PmemDevice Device { get; }

    public long PageCount { get; }

    public BlockAllocator Allocator { get; }

    public InMemoryExtentMap Extents { get; }

    public WaitTable Waits { get; }

    public AddressSpace Mapping { get; }

    public FaultLoop Faults { get; }

    public StampedPages Stamps { get; }

    public IReadOnlyList<MappedView> Views { get; }

    /// <summary>What must hold when no thread is inside.</summary>
    public List<string> Verify()
    {
        var wrong = new List<string>(Mapping.Entries.Verify());
        if (Waits.SleeperCount is var sleepers and not 0)
        {
            wrong.Add($"{sleepers} threads sleep although nobody works.");
        }

        wrong.AddRange(Views.SelectMany(v => Unbacked(v.Area)));
        Allocator.Verify();
        return wrong;
    }

    public void Dispose()
    {
        Mapping.Dispose();
        Waits.Dispose();
        Device.Dispose();
        if (fileToRemove is not null)
        {
            File.Delete(fileToRemove);
        }
    }

    private MappedView View(VmAreaKind kind, int? lead) => new(Faults, Mapping.Map(new PageIndex(0), PageCount, kind, lead));

    // Every translation is backed by an entry, and leads to that entry's page.
    private IEnumerable<string> Unbacked(VmArea area)
    {
        for (long page = 0; page < area.PageCount; page++)
        {
            Translation translation = area.TranslationOf(page);
            if (!translation.IsPresent)
            {
                continue;
            }

            var snapshot = Mapping.Entries[new PageIndex(page)];
            if (!snapshot.IsPresent || translation.IsZero != snapshot.Entry.IsZero)
            {
                yield return $"page {page} is mapped by {translation.Word:x}, and its entry is {snapshot}.";
            }
            else if (!translation.IsZero
                && translation.Pfn.Value + (translation.IsHuge ? page & DaxConstants.ColourMask : 0) != snapshot.Entry.Pfn.Value + (page - snapshot.Start.Value))
            {
                yield return $"page {page} is mapped to device page {translation.Pfn}, and its entry is {snapshot}.";
            }
        }
    }

    private sealed class DeviceZeroer(PmemDevice device) : IBlockZeroer
    {
        public bool TryZero(PfnRange blocks)
        {
            device.Zero(blocks.First, blocks.PageCount);
            return true;
        }
    }
}
