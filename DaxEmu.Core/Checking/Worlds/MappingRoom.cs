using DaxEmu.Core.Device;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Files;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Checking.Worlds;

/// <summary>How the file of a mapping world is when the threads begin.</summary>
internal enum MappingRoomState
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
}

/// <summary>
/// The state of a mapping world: a device in memory and a file of 2 MiB with the real address space and fault handler, mapped by two VMAs,
/// as two processes would: one maps the whole file, one its first pages.
/// </summary>
internal sealed unsafe partial class MappingRoom : IPageHolders, IDisposable
{
    /// <summary>Pages that the small VMA maps, and that operations touch.</summary>
    public const long PiecePages = 4;

    private const long FileBytes = DaxConstants.PmdSize;

    /// <summary>Wait keys hash the mapping's id: the same in every run.</summary>
    private const long MappingId = 1;

    private const int WaitBits = 3;

    private static readonly List<MappingRoom> Idle = [];

    private readonly ReservedRegion quiet = ReservedRegion.Reserve(sizeof(ulong));
    private readonly WaitTable waits = new(WaitBits);
    private PinLease? pin;

    private MappingRoom(WaitProfile profile)
    {
        Device = PmemDevice.CreateInMemory(
            RoomBlocks.DeviceBytes, new PmemDeviceOptions { Flush = FlushMethod.None, PreferHugePages = false });
        Mapping = new AddressSpace(
            Device,
            Blocks,
            FileBytes,
            new AddressSpaceOptions { Profile = profile, MaximumSizeBytes = FileBytes, Waits = waits, Id = MappingId });
        Handler = new FaultHandler(Mapping);
        Loop = new FaultLoop(Handler);
        Whole = Mapping.Map(new PageIndex(0), DaxConstants.PagesPerPmd, VmAreaKind.Shared);
        Piece = Mapping.Map(new PageIndex(0), PiecePages, VmAreaKind.Shared);
    }

    public PmemDevice Device { get; }

    public RoomBlocks Blocks { get; } = new();

    public AddressSpace Mapping { get; }

    public FaultHandler Handler { get; }

    public FaultLoop Loop { get; }

    /// <summary>The VMA of the whole file, in which 2 MiB translations can stand.</summary>
    public VmArea Whole { get; }

    /// <summary>The VMA of the first pages.</summary>
    public VmArea Piece { get; }

    /// <summary>A word that nobody writes: a step on it depends on nothing.</summary>
    public ref ulong Quiet => ref *(ulong*)quiet.Base;

    /// <summary>A room in a state. Making one costs more than a thousand schedules, so they are used again.</summary>
    public static MappingRoom Rent(WaitProfile profile, MappingRoomState state)
    {
        MappingRoom? room;
        lock (Idle)
        {
            room = Idle.FindLast(r => r.Mapping.Profile == profile);
            if (room is not null)
            {
                Idle.Remove(room);
            }
        }

        room ??= new MappingRoom(profile);
        room.Prepare(state);
        return room;
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

    /// <summary>Drops the pin that the room began with.</summary>
    public void Unpin() => pin!.Dispose();

    /// <summary>Gives the room back, in whatever state a run left it.</summary>
    public void Dispose()
    {
        pin?.Abandon(); // its page is forgotten when the room is prepared anew
        pin = null;
        lock (Idle)
        {
            Idle.Add(this);
        }
    }

    private void Prepare(MappingRoomState state)
    {
        Mapping.Reset(FileBytes);
        waits.Reset();
        Device.Owners.Reset();
        Device.PoisonList.Clear(RoomBlocks.All.First, RoomBlocks.All.PageCount);
        Blocks.Reset(
            isHole: state is MappingRoomState.Hole or MappingRoomState.ZeroPmd,
            isSharedByAll: state is MappingRoomState.SharedPage or MappingRoomState.SharedPmd);
        switch (state)
        {
            case MappingRoomState.DirtyPages or MappingRoomState.PinnedPage:
                Touch(Piece, 0, FaultFlags.Write, PageOrder.Pte);
                Touch(Piece, 1, FaultFlags.Write, PageOrder.Pte);
                break;
            case MappingRoomState.CleanPage:
                Touch(Piece, 1, FaultFlags.None, PageOrder.Pte);
                break;
            case MappingRoomState.SharedPage:
                Touch(Whole, 1, FaultFlags.None, PageOrder.Pte);
                break;
            case MappingRoomState.ZeroPmd or MappingRoomState.SharedPmd:
                Touch(Whole, 0, FaultFlags.None, PageOrder.Pmd);
                break;
            case MappingRoomState.DirtyPmd:
                Touch(Whole, 0, FaultFlags.Write, PageOrder.Pmd);
                break;
        }

        pin = state == MappingRoomState.PinnedPage ? PinLease.Take(Loop, Piece, new PageRange(new PageIndex(1), 1), forWriting: true) : null;
    }

    private void Touch(VmArea area, long page, FaultFlags flags, PageOrder order)
    {
        FaultOutcome outcome = Handler.Fault(area, page, flags, order);
        WorldCheck.That((outcome.Result & FaultResult.Nopage) != 0, $"the room cannot be prepared: {outcome}");
    }
}
