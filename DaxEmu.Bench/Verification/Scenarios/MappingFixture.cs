using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>How the file of a mapping scenario is when the threads begin.</summary>
internal enum MappingFixtureState
{
    /// <summary>It has all its blocks; no entry, no translation.</summary>
    Unmapped,

    /// <summary>It is one hole; no entry, no translation.</summary>
    Hole,

    /// <summary>Page 1 was read through the piece: a clean 4 KiB entry, a translation.</summary>
    CleanPage,

    /// <summary>Pages 0 and 1 were written through the piece: dirty 4 KiB entries, writable translations.</summary>
    DirtyPages,

    /// <summary>As <see cref="DirtyPages"/>, and page 1 is pinned.</summary>
    PinnedPage,

    /// <summary>Its blocks are another file's, too. Page 1 was read through the whole: a clean 4 KiB entry, a translation.</summary>
    SharedPage,

    /// <summary>Its blocks are another file's, too. It was read through the whole at 2 MiB: a clean 2 MiB entry, a translation.</summary>
    SharedPmd,

    /// <summary>A hole that was read through the whole: a 2 MiB zero entry, mapped.</summary>
    ZeroPmd,

    /// <summary>Written through the whole at 2 MiB: a dirty 2 MiB entry, a writable translation.</summary>
    DirtyPmd,

    /// <summary>Read through the whole at 2 MiB: a clean 2 MiB entry, a translation.</summary>
    CleanPmd,

    /// <summary>Page 1 was written through the piece: one dirty 4 KiB entry, a writable translation.</summary>
    DirtyPage,

    /// <summary>As <see cref="Unmapped"/>, and the metadata are not durable yet.</summary>
    DirtyMetadata,

    /// <summary>A hole whose metadata are durable; page 1 has a block, was read through the piece, and its entry is clean.</summary>
    HoleBesidePage,

    /// <summary>As <see cref="SharedPage"/>, with a dirty entry: Linux 6.1 marks what was only read.</summary>
    SharedDirtyPage,

    /// <summary>As <see cref="DirtyPages"/>; page 1 was stored to, and not flushed.</summary>
    StoredPage,

    /// <summary>As <see cref="CleanPage"/>, and its range still says that an entry may be dirty.</summary>
    CleanPageOfDirtyRange,
}

/// <summary>
/// The state of a mapping scenario: a device in memory and a file of 2 MiB with the real address space and fault handler, mapped by two VMAs,
/// as two processes would: one maps the whole file, one its first pages.
/// </summary>
internal sealed unsafe partial class MappingFixture : IPageHolders, IDisposable
{
    /// <summary>Pages that the small VMA maps, and that operations access.</summary>
    public const long PiecePages = 4;

    private const long FileBytes = DaxConstants.PmdSize;

    /// <summary>Wait keys hash the mapping's id: the same in every run.</summary>
    private const long MappingId = 1;

    private const int WaitBits = 3;

    /// <summary>Pages of each 2 MiB of the device whose durability is tracked: those that operations store to.</summary>
    private const int TrackedPages = 16;

    private static readonly List<MappingFixture> Idle = [];

    private readonly ReservedRegion quiet = ReservedRegion.Reserve(sizeof(ulong));
    private readonly WaitTable waits = new(WaitBits);
    private PagePin? pin;

    private MappingFixture(WaitProfile profile)
    {
        Device = PmemDevice.CreateInMemory(
            FixtureBlocks.DeviceBytes, new PmemDeviceOptions
            {
                Flush = FlushMethod.None,
                PreferHugePages = false,
                TracksDurable = true,
                DurablePagesPerPmd = TrackedPages,
            });
        Mapping = new AddressSpace(
            Device,
            Blocks,
            FileBytes,
            new AddressSpaceOptions { Profile = profile, MaximumSizeBytes = FileBytes, Waits = waits, Id = MappingId });
        Handler = new FaultHandler(Mapping);
        Loop = new FaultLoop(Handler);
        Whole = Mapping.Map(new PageIndex(0), DaxConstants.PagesPerPmd, MapMode.Shared);
        Piece = Mapping.Map(new PageIndex(0), PiecePages, MapMode.Shared);
        Synchronous = Mapping.Map(new PageIndex(0), PiecePages, MapMode.Shared | MapMode.Sync);
        View = new DaxView(Loop, Piece);
    }

    public PmemDevice Device { get; }

    public FixtureBlocks Blocks { get; } = new();

    public AddressSpace Mapping { get; }

    public FaultHandler Handler { get; }

    public FaultLoop Loop { get; }

    /// <summary>The VMA of the whole file, in which 2 MiB translations can stand.</summary>
    public VmArea Whole { get; }

    /// <summary>The VMA of the first pages.</summary>
    public VmArea Piece { get; }

    /// <summary>A VMA of the first pages whose write faults wait for durable metadata.</summary>
    public VmArea Synchronous { get; }

    /// <summary>The small VMA as a view.</summary>
    public DaxView View { get; }

    /// <summary>A VMA of the first pages that is there for one run, and that a thread may unmap.</summary>
    public VmArea Extra { get; private set; } = null!;

    /// <summary>The page that bytes are being copied to through a view; null if there is none.</summary>
    public long? CopiesTo { get; set; }

    /// <summary>A word that no thread writes: a step on it depends on nothing.</summary>
    public ref ulong Quiet => ref *(ulong*)quiet.Base;

    /// <summary>A fixture in a state. Making one costs more than a thousand schedules, so they are used again.</summary>
    public static MappingFixture Rent(WaitProfile profile, MappingFixtureState state, MapMode extra = MapMode.None)
    {
        MappingFixture? fixture;
        lock (Idle)
        {
            fixture = Idle.FindLast(r => r.Mapping.Profile == profile);
            if (fixture is not null)
            {
                Idle.Remove(fixture);
            }
        }

        fixture ??= new MappingFixture(profile);
        fixture.Prepare(state, extra);
        return fixture;
    }

    /// <inheritdoc/>
    public AddressSpace? MappingOf(long mappingId) => mappingId == MappingId ? Mapping : null;

    /// <inheritdoc/>
    public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn)
    {
        for (long page = 0; page < PiecePages; page++)
        {
            if (Blocks.BlockOf(page) == pfn)
            {
                return [new PagePlace(Mapping, new PageIndex(page))];
            }
        }

        return [];
    }

    /// <summary>Drops the pin that the fixture began with.</summary>
    public void Unpin() => pin!.Dispose();

    /// <summary>Gives the fixture back, in whatever state a run left it.</summary>
    public void Dispose()
    {
        pin?.Abandon(); // its page is forgotten when the fixture is prepared anew
        pin = null;
        lock (Idle)
        {
            Idle.Add(this);
        }
    }

    private void Prepare(MappingFixtureState state, MapMode extra)
    {
        Mapping.Reset(FileBytes, Whole, Piece, Synchronous);
        waits.Reset();
        Device.Owners.Reset();
        Device.PoisonList.Clear(FixtureBlocks.All.First, FixtureBlocks.All.PageCount);
        Blocks.Reset(
            isHole: state is MappingFixtureState.Hole or MappingFixtureState.ZeroPmd or MappingFixtureState.HoleBesidePage,
            isSharedByAll: state is MappingFixtureState.SharedPage or MappingFixtureState.SharedPmd or MappingFixtureState.SharedDirtyPage);
        CopiesTo = null;
        ForgetContent();
        if (extra != MapMode.None)
        {
            Extra = Mapping.Map(new PageIndex(0), PiecePages, extra);
        }

        switch (state)
        {
            case MappingFixtureState.DirtyMetadata:
                Blocks.MakeDirty();
                break;
            case MappingFixtureState.HoleBesidePage:
                Blocks.Place(1, FixtureBlocks.FreshBlock(1));
                Access(Piece, 1, FaultFlags.None, PageOrder.Pte);
                break;
            case MappingFixtureState.SharedDirtyPage:
                Access(Whole, 1, FaultFlags.None, PageOrder.Pte);
                Mapping.Entries.NoteDirty(new PageIndex(1));
                Mapping.Entries.SlotOf(new PageIndex(1)) |= DaxEntry.DirtyBit;
                break;
            case MappingFixtureState.StoredPage:
                Access(Piece, 0, FaultFlags.Write, PageOrder.Pte);
                Access(Piece, 1, FaultFlags.Write, PageOrder.Pte);
                WordOf(FixtureBlocks.OldBlock(1)) = 1;
                break;
            case MappingFixtureState.DirtyPages or MappingFixtureState.PinnedPage:
                Access(Piece, 0, FaultFlags.Write, PageOrder.Pte);
                Access(Piece, 1, FaultFlags.Write, PageOrder.Pte);
                break;
            case MappingFixtureState.CleanPage:
                Access(Piece, 1, FaultFlags.None, PageOrder.Pte);
                break;
            case MappingFixtureState.CleanPageOfDirtyRange:
                Access(Piece, 1, FaultFlags.None, PageOrder.Pte);
                Mapping.Entries.NoteDirty(new PageIndex(1));
                break;
            case MappingFixtureState.SharedPage:
                Access(Whole, 1, FaultFlags.None, PageOrder.Pte);
                break;
            case MappingFixtureState.DirtyPage:
                Access(Piece, 1, FaultFlags.Write, PageOrder.Pte);
                break;
            case MappingFixtureState.ZeroPmd or MappingFixtureState.SharedPmd or MappingFixtureState.CleanPmd:
                Access(Whole, 0, FaultFlags.None, PageOrder.Pmd);
                break;
            case MappingFixtureState.DirtyPmd:
                Access(Whole, 0, FaultFlags.Write, PageOrder.Pmd);
                break;
        }

        Mapping.ForgetLastExtents();
        pin = state == MappingFixtureState.PinnedPage ? View.Pin(DaxConstants.PageSize, DaxConstants.PageSize) : null;
    }

    /// <summary>A store of the processor to the first word of a page: faults until the translation lets it through.</summary>
    public void Store(VmArea area, long page, ulong value)
    {
        while (!TryStore(area, page, value))
        {
            if (Loop.Access(area, page, isWrite: true) != IoError.None)
            {
                return;
            }
        }
    }

    // The look at the translation and the store are one: no write-protection comes between them, as its shootdown would wait. The first
    // look is a step, so that the thread's history has it; the second is part of the step that orders the store among the flushes.
    private bool TryStore(VmArea area, long page, ulong value)
    {
        Translation seen = area.Table.Find(page);
        if (!seen.Allows(isWrite: true))
        {
            return false;
        }

        Device.Durable!.Order();
        if (Unscheduled.Look(() => area.Table.Find(page)) != seen)
        {
            return false;
        }

        WordOf(seen.Pfn + (seen.IsHuge ? page : 0)) = value;
        return true;
    }

    /// <summary>The first word of a block. A look or a store, not a step.</summary>
    public ref ulong WordOf(Pfn block) => ref *(ulong*)(Device.Base + (nint)block.OffsetBytes);

    // Every block that may be the file's holds zeroes, durably.
    private void ForgetContent()
    {
        for (long page = 0; page < TrackedPages; page++)
        {
            WordOf(FixtureBlocks.OldBlock(page)) = 0;
            WordOf(FixtureBlocks.FreshBlock(page)) = 0;
        }

        const int Bytes = TrackedPages << DaxConstants.PageShift;
        Device.Durable!.Reset(FixtureBlocks.OldBlock(0).OffsetBytes, Bytes);
        Device.Durable.Reset(FixtureBlocks.FreshBlock(0).OffsetBytes, Bytes);
    }

    private void Access(VmArea area, long page, FaultFlags flags, PageOrder order)
    {
        FaultOutcome outcome = Handler.Fault(area, page, flags, order);
        ScenarioCheck.That((outcome.Result & FaultResult.Nopage) != 0, $"the fixture cannot be prepared: {outcome}");
    }
}
