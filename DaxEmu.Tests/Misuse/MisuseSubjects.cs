using System.Buffers;
using System.IO.MemoryMappedFiles;
using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Tests.Misuse;

/// <summary>What was disposed before a call.</summary>
public enum Disposed
{
    Nothing,
    Itself,
    View,
    File,
    Volume,
    Device,
}

/// <summary>An object of each public type, a few that belong elsewhere, and arguments at the limits.</summary>
internal sealed class MisuseSubjects : IDisposable
{
    public const int Page = DaxConstants.PageSize;
    private const long Largest = 64 * Page;

    private static readonly DaxFileOptions Options = DaxFileOptions.Default with { MaximumSizeBytes = Largest, WaitsForPins = false };

    private static readonly long[] Numbers = [0, 1, -1, Page - 1, Page, 5 * Page, Largest, Largest + 1, 2 << 20, long.MaxValue, long.MinValue];

    private readonly PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
    private readonly PmemDevice otherDevice = PmemDevice.CreateInMemory(2 << 20);
    private readonly DaxFile file;
    private readonly DaxView view;
    private readonly Dictionary<Type, object[]> objects = [];

    public MisuseSubjects()
    {
        DaxVolume volume = DaxVolume.ScratchOf(device);
        file = volume.Create("a", 0, Options);
        DaxFile second = volume.CreateTemporary(0, Options);
        DaxFile foreign = DaxVolume.ScratchOf(otherDevice).CreateTemporary(0, Options);
        DaxFile gone = volume.CreateTemporary(0, Options);
        DaxFile closed = volume.Create("c", 0, Options);
        file.Write(new byte[5 * Page], 0);
        second.Write(new byte[(3 * Page) + 5], 0);
        foreign.Write(new byte[Page], 0);
        file.CloneRange(3 * Page, Page, second, 0);
        view = file.Map(0, 16 * Page);
        view.Write(0, 1)[0] = 1;
        DaxView secondView = second.Map(0, 4 * Page, MapMode.Private);
        DaxView goneView = gone.Map(0, Page);
        VmArea goneArea = goneView.Area;
        AddressSpace goneMapping = gone.Mapping;
        gone.Dispose();
        closed.Dispose();
        var loop = new FaultLoop(new FaultHandler(file.Mapping));
        var blocks = new BlockAllocator(new PfnRange(new Pfn(0), 600));
        var extents = new InMemoryExtentMap(blocks, new NoZeroer());
        extents.Allocate(new PageRange(new PageIndex(0), 8));
        var moreExtents = new InMemoryExtentMap(new BlockAllocator(new PfnRange(new Pfn(0), 8)), new NoZeroer());
        Add(device, otherDevice);
        Add(volume, foreign.Volume);
        Add(file, second, foreign, gone);
        Add(view, secondView, goneView);
        Add(file.OpenStream());
        Add(file.Mapping, second.Mapping, goneMapping);
        Add(view.Area, secondView.Area, goneArea);
        Add(new DaxView(loop, file.Mapping.Map(new PageIndex(1), 4, MapMode.Shared)));
        Add(loop, new FaultLoop(new FaultHandler(second.Mapping)));
        Add(loop.Handler, new FaultHandler(second.Mapping));
        Add(device.PoisonList);
        Add(view.Pin(2 * Page, Page));
        Add(new EntryTable(77, 1000));
        Add(extents, moreExtents);
        Add(new LinearExtentMap(new Pfn(0), 16));
        Add(blocks);
        Add(extents.Punch(new PageRange(new PageIndex(2), 2)), FreedBlocks.None);
        objects[typeof(Fsync)] = [];
        objects[typeof(Invalidator)] = [];
        objects[typeof(IExtentMap)] = [.. objects[typeof(InMemoryExtentMap)], .. objects[typeof(LinearExtentMap)]];
    }

    /// <summary>The types that are looked at.</summary>
    public static IReadOnlyList<Type> Types { get; } =
    [
        typeof(DaxFile), typeof(DaxView), typeof(DaxVolume), typeof(DaxStream), typeof(AddressSpace), typeof(VmArea),
        typeof(FaultLoop), typeof(FaultHandler), typeof(Fsync), typeof(Invalidator), typeof(PmemDevice), typeof(PoisonList), typeof(PagePin),
        typeof(EntryTable), typeof(InMemoryExtentMap), typeof(LinearExtentMap), typeof(BlockAllocator), typeof(FreedBlocks),
    ];

    public object? Target(MisuseMember member) => member.Method.IsStatic ? null : objects[member.Type][0];

    /// <summary>Whether an object is one of these, and so not the caller's to dispose.</summary>
    public bool Has(object subject) => objects.Values.Any(all => all.Contains(subject));

    public void Dispose(Disposed what, Type type)
    {
        switch (what)
        {
            case Disposed.Itself:
                Forgive(() => (objects[type].FirstOrDefault() as IDisposable)?.Dispose());
                break;
            case Disposed.View:
                view.Dispose();
                break;
            case Disposed.File:
                Forgive(file.Dispose);
                break;
            case Disposed.Volume:
                Forgive(DaxVolume.ScratchOf(device).Dispose);
                break;
            case Disposed.Device:
                device.Dispose();
                break;
        }
    }

    /// <summary>What to give for a parameter; null if nothing is known for its type.</summary>
    public IReadOnlyList<object?>? ValuesFor(Type type, Type owner)
    {
        if (objects.TryGetValue(type, out object[]? known))
        {
            return [.. known, null];
        }

        if (type.IsEnum)
        {
            return [.. Enum.GetValues(type).Cast<object>(), Enum.ToObject(type, 99), Enum.ToObject(type, -1)];
        }

        return type switch
        {
            _ when type == typeof(long) => [.. Numbers.Cast<object>()],
            _ when type == typeof(int) => [0, 1, -1, 511, Page, 5 * Page, int.MaxValue, int.MinValue],
            _ when type == typeof(int?) => [null, 0, 511, 512, -1, int.MaxValue, int.MinValue],
            _ when type == typeof(bool) => [false, true],
            _ when type == typeof(Pfn) => [.. Numbers.Select(n => (object)new Pfn(n))],
            _ when type == typeof(VmaPage) => [.. Numbers.Select(n => (object)new VmaPage(n))],
            _ when type == typeof(ReadOnlySequence<byte>) => [ReadOnlySequence<byte>.Empty, new ReadOnlySequence<byte>(new byte[Page + 1])],
            _ when type == typeof(IBufferWriter<byte>) => [new ArrayBufferWriter<byte>(), null],
            _ when type == typeof(PageIndex) => [.. Numbers.Select(n => (object)new PageIndex(n))],
            _ when type == typeof(PfnRange) => [.. Pairs().Select(p => (object)new PfnRange(new Pfn(p.First), p.Count))],
            _ when type == typeof(PageRange) => [PageRange.All, .. Pairs().Select(p => (object)new PageRange(new PageIndex(p.First), p.Count))],
            _ when type == typeof(byte[]) => [Array.Empty<byte>(), new byte[1], new byte[Page + 1], null],
            _ when type == typeof(string) => owner == typeof(PmemDevice)
                ? [null, string.Empty, "/nonexistent/device", "/", "x\0y", "/dev/null"]
                : [null, string.Empty, "a", "b", "c", ".", "x/y", "x\0y", new string('n', 300)],
            _ when type == typeof(CancellationToken) => [CancellationToken.None, new CancellationToken(canceled: true)],
            _ when type == typeof(DaxFileOptions) =>
                [Options, null, Options with { MaximumSizeBytes = -1 }, Options with { MaximumSizeBytes = 0 }, Options with { MaximumSizeBytes = long.MaxValue }, Options with { MaximumSizeBytes = 1L << 44 }],
            _ when type == typeof(AddressSpaceOptions) =>
                [null, .. new[] { -1, 0, Page, 1L << 44, (1L << 44) + 1, long.MaxValue }.Select(n => new AddressSpaceOptions { MaximumSizeBytes = n })],
            _ when type == typeof(PmemDeviceOptions) => [null, new PmemDeviceOptions { Sparse = true }],
            _ when type == typeof(IDaxEventSink) => [null, new RecordingEventSink()],
            _ when type == typeof(MemoryMappedFile) => [null, MemoryMappedFile.CreateNew(null, 2 << 20), MemoryMappedFile.CreateNew(null, Page)],
            _ when type == typeof(IBlockZeroer) => [new NoZeroer(), null],
            _ when type == typeof(IExtentJournal) => [null],
            _ when type == typeof(VolumeOptions) => [null, new VolumeOptions { ReadOnly = true }, new VolumeOptions { Label = new string('l', 65) }],
            _ when type == typeof(DateTime) => [default(DateTime), DateTime.MaxValue],
            _ when type == typeof(ExtentAnswer) => [default(ExtentAnswer), ExtentAnswer.Failed(IoError.Io), ExtentAnswer.Of(default), Copied(5), Copied(long.MaxValue)],
            _ when type == typeof(IEnumerable<Extent>) => [null, Array.Empty<Extent>(), new[] { ExtentAt(3, 5), ExtentAt(1, 5) }, new[] { ExtentAt(-1, 5) }, new[] { ExtentAt(0, long.MaxValue) }],
            _ => null,
        };
    }

    public void Dispose()
    {
        foreach (IDisposable subject in objects.Values.SelectMany(o => o).Distinct().OfType<IDisposable>().OrderBy(o => o is PagePin ? 0 : o is DaxView or VmArea ? 1 : o is DaxFile ? 2 : o is DaxVolume ? 3 : 4))
        {
            Forgive(subject.Dispose);
        }
    }

    /// <summary>What the calls have broken.</summary>
    public IReadOnlyList<string> Verify(Disposed disposed, Type type)
    {
        var wrong = new List<string>();
        if (disposed != Disposed.Itself || type != typeof(BlockAllocator))
        {
            ((BlockAllocator)objects[typeof(BlockAllocator)][0]).Verify();
        }

        if (disposed is Disposed.Nothing or Disposed.View && type != typeof(DaxVolume))
        {
            DaxVolume.ScratchOf(device).Allocator.Verify();
        }

        wrong.AddRange(((EntryTable)objects[typeof(EntryTable)][0]).Verify());
        wrong.AddRange(objects[typeof(AddressSpace)].Cast<AddressSpace>().SelectMany(m => m.Entries.Verify()));
        return wrong;
    }

    private static IEnumerable<(long First, long Count)> Pairs() =>
        from first in new[] { 0, 1, -1, 511, 1 << 20, long.MaxValue, long.MinValue }
        from count in new[] { 0, 1, 4, 600, -1, long.MaxValue, long.MinValue }
        select (first, count);

    // A page that a call has lost may be dirty, and is not written back.
    private static void Forgive(Action dispose)
    {
        try
        {
            dispose();
        }
        catch (DaxException)
        {
            // It is closed all the same.
        }
    }

    private static ExtentAnswer Copied(long first) => new(ExtentAt(first, 2), default, IoError.None);

    private static Extent ExtentAt(long first, long count) => new(new PageIndex(first), count, ExtentKind.Mapped, new Pfn(3));

    private void Add<T>(params T[] all)
        where T : class => objects[typeof(T)] = all;

    private sealed class NoZeroer : IBlockZeroer
    {
        public bool TryZero(PfnRange blocks) => true;
    }
}
