using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Tests.Failures;

/// <summary>The file system and kernel that a scenario models, and whether somebody observes its events.</summary>
internal sealed record SweepSetting(FileSystemModel FileSystem, KernelBehaviour Kernel, bool IsObserved)
{
    public static IReadOnlyList<SweepSetting> All { get; } =
    [
        new(FileSystemModel.Xfs, KernelBehaviour.Linux612, IsObserved: false),
        new(FileSystemModel.Ext4, KernelBehaviour.Linux612, IsObserved: true),
        new(FileSystemModel.Xfs, KernelBehaviour.Linux61, IsObserved: true),
    ];

    public override string ToString() => $"{FileSystem} on {Kernel}{(IsObserved ? ", observed" : string.Empty)}";
}

/// <summary>A small device in memory, which scenarios use one after the other. Its free pages hold rubbish.</summary>
internal sealed class SweepDevice : IDisposable
{
    /// <summary>Pages of each 2 MiB whose durability is tracked: those that scenarios store to.</summary>
    public const int TrackedPages = 32;

    private const int PmdCount = 6;

    public SweepDevice()
    {
        Device = PmemDevice.CreateInMemory(
            (long)PmdCount * DaxConstants.PmdSize,
            new PmemDeviceOptions { TracksDurable = true, DurablePagesPerPmd = TrackedPages });
        Device.GetSpan(new Pfn(0), Device.PageCount).Fill(0xA5);
    }

    public PmemDevice Device { get; }

    public WaitTable Waits { get; } = new(4);

    public static bool IsTracked(Pfn pfn) => (pfn.Value & DaxConstants.ColourMask) < TrackedPages;

    /// <summary>What the device holds is durable from here on.</summary>
    public void MakeDurable()
    {
        for (long pmd = 0; pmd < PmdCount; pmd++)
        {
            Device.Durable!.Reset(pmd << DaxConstants.PmdShift, TrackedPages << DaxConstants.PageShift);
        }
    }

    public void Dispose()
    {
        Device.Dispose();
        Waits.Dispose();
    }
}

/// <summary>
/// Three files with a known mix of pages. Small: 'a' has pages that are clean, dirty, holes, unwritten, shared with 'b' and mapped by the
/// zero page; 'c' has a name and a dirty page. Large: 'a' has a dirty 2 MiB entry, 2 MiB that 'b' shares, and a hole of 2 MiB.
/// </summary>
internal sealed class SweepFixture
{
    public const int Page = DaxConstants.PageSize;
    public const int Pmd = DaxConstants.PmdSize;

    private const int ViewedPages = 16;

    private readonly SweepDevice device;
    private readonly DaxFileOptions options;
    private readonly SortedDictionary<string, DaxFile> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, InMemoryExtentMap> extents = [];
    private readonly Dictionary<string, IReadOnlyList<Extent>> committed = [];

    public SweepFixture(SweepDevice device, SweepSetting setting, bool isLarge)
    {
        this.device = device;
        device.MakeDurable();
        Volume = DaxVolume.ScratchOf(device.Device);
        options = DaxFileOptions.Default with
        {
            FileSystem = setting.FileSystem,
            Behaviour = setting.Kernel,
            MaximumSizeBytes = isLarge ? 4L * Pmd : 64 * Page,
            Sink = setting.IsObserved ? new Observer() : null,
            Waits = device.Waits,
        };
        Adopt("a", Volume.CreateTemporary(0, OptionsOf("a")));
        Adopt("b", Volume.CreateTemporary(0, OptionsOf("b")));
        if (isLarge)
        {
            BuildLarge();
        }
        else
        {
            BuildSmall();
        }
    }

    public PmemDevice Device => device.Device;

    public WaitTable Waits => device.Waits;

    public DaxVolume Volume { get; }

    /// <summary>Whether the volume can be asked.</summary>
    public bool HasVolume => DaxVolume.ScratchOf(Device) == Volume;

    public IReadOnlyDictionary<string, DaxFile> Files => files;

    public IReadOnlyDictionary<string, InMemoryExtentMap> Extents => extents;

    /// <summary>The extents that a file has made durable.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<Extent>> Committed => committed;

    public DaxFile A => files["a"];

    public DaxFile B => files["b"];

    public DaxFile C => files["c"];

    /// <summary>A shared view of 'a'.</summary>
    public DaxView View { get; private set; } = null!;

    /// <summary>A private view of 'a'.</summary>
    public DaxView Private { get; private set; } = null!;

    /// <summary>A synchronous view of 'a'.</summary>
    public DaxView Synchronous { get; private set; } = null!;

    /// <summary>The views that are to be checked, and disposed in the end.</summary>
    public List<DaxView> Views { get; } = [];

    /// <summary>A pin that an operation is to wait for, or to drop.</summary>
    public PagePin? Pin { get; set; }

    public CancellationTokenSource Cancellation { get; } = new();

    public DaxFileOptions OptionsOf(string name) => options with { MakeDurable = list => committed[name] = list };

    /// <summary>Takes a file into the scenario's care.</summary>
    public void Adopt(string name, DaxFile file)
    {
        files[name] = file;
        extents[name] = file.Extents;
    }

    /// <summary>Bytes that tell every place from its neighbours.</summary>
    public static byte[] Pattern(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>What the file 'c' holds.</summary>
    public static byte[] BytesOfC() => Pattern(Page + 50, 4);

    public static bool IsOpen(DaxFile file)
    {
        try
        {
            return file.Length >= 0;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Puts another private view in the place of the one that was disposed.</summary>
    public void ReplacePrivate(DaxView view)
    {
        Private = view;
        Views.Add(view);
    }

    private void BuildSmall()
    {
        A.Write(Pattern(6 * Page, 1), 0);
        A.SetLength((10 * Page) + 100);
        A.Allocate(6 * Page, Page, keepSize: true);
        A.Write(Pattern(Page + 100, 2), 9 * Page);
        B.Write(Pattern(Page + 5, 3), 2 * Page);
        A.CloneRange(4 * Page, 2 * Page, B, 0);
        Adopt("c", Volume.Create("c", 0, OptionsOf("c")));
        byte[] bytes = BytesOfC();
        C.Write(bytes, 0);
        MapA(ViewedPages * Page);
        View.Write(Page + 8, 8).Fill(0x11);
        View.Write((2 * Page) + 8, 8).Fill(0x22);
        View.Write((10 * Page) + 8, 8).Fill(0x33);
        _ = View.Read(3 * Page, 1);
        _ = View.Read(5 * Page, 1);
        _ = View.Read(7 * Page, 1);
        Private.Write(3 * Page, 8).Fill(0x44);
        Views.Add(C.Map(0, 2 * Page));
        bytes.AsSpan(8, 8).CopyTo(Views[^1].Write(8, 8));
    }

    private void BuildLarge()
    {
        A.Allocate(0, 2 * Pmd);
        A.SetLength(3 * Pmd);
        MapA(3 * Pmd);
        View.Write(Pmd + 8, 8).Fill(0x11);
        View.Write(Pmd + (5 * Page), 8).Fill(0x12);
        A.CloneRange(Pmd, Pmd, B, 0);
        View.Write(8, 8).Fill(0x22);
        View.Write((20 * Page) + 8, 8).Fill(0x23);
        _ = View.Read(Pmd, 1);
    }

    private void MapA(long length)
    {
        View = A.Map(0, length, MapMode.Shared);
        Private = A.Map(0, length, MapMode.Private);
        Synchronous = A.Map(0, length, MapMode.Shared | MapMode.Sync);
        Views.AddRange([View, Private, Synchronous]);
    }

    private sealed class Observer : IDaxEventSink
    {
        public void Receive(in DaxEvent daxEvent)
        {
            // That it is called is what counts.
        }
    }
}
