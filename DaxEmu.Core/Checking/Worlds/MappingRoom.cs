using DaxEmu.Core.Device;
using DaxEmu.Core.Entries;
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
internal sealed unsafe class MappingRoom : IPageHolders, IDisposable
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

    /// <summary>What must hold at every moment, seen from outside; of the pages that operations touch.</summary>
    /// <exception cref="WorldViolationException">It does not.</exception>
    public void CheckNow()
    {
        string? wrong = Unscheduled.Look(() => TranslationError(PiecePages));
        WorldCheck.That(wrong is null, wrong!);
    }

    /// <summary>What must hold of memory that somebody has pinned.</summary>
    /// <exception cref="WorldViolationException">A page of it was given up.</exception>
    public void CheckPinned(PinLease lease)
    {
        foreach (PfnRange run in lease.Pages)
        {
            for (Pfn pfn = run.First; pfn.Value < run.End.Value; pfn += 1)
            {
                WorldCheck.That(!Blocks.IsFreed(pfn), $"device page {pfn} is pinned and was given up");
            }
        }
    }

    /// <summary>What must hold of an entry that was locked through its block.</summary>
    /// <exception cref="WorldViolationException">It stands on another one, or on none.</exception>
    public static void CheckStandsOn(PageLock? held, Pfn block)
    {
        if (held is { } locked)
        {
            DaxEntry entry = locked.Held.Entry;
            WorldCheck.That(
                entry.IsReal && entry.Pfn + (locked.Page - locked.Held.Start) == block, $"the entry locked by block {block} is {entry}");
        }
    }

    /// <summary>What must hold when all have finished.</summary>
    /// <exception cref="WorldViolationException">It does not.</exception>
    public void Check()
    {
        IReadOnlyList<string> wrong = Mapping.Entries.Verify();
        WorldCheck.That(wrong.Count == 0, string.Join(' ', wrong));
        string? error = TranslationError(DaxConstants.PagesPerPmd) ?? EntryError() ?? OwnerError();
        WorldCheck.That(error is null, error!);
        WorldCheck.That(Device.Owners.FirstBusy(RoomBlocks.All) is null, "a page is still pinned");
    }

    /// <summary>Gives the room back, in whatever state a run left it.</summary>
    public void Dispose()
    {
        pin = null; // its page is forgotten below; what it holds of the device goes with the process
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

    // Translations of the first pages of both VMAs: each has an entry behind it that leads to the same memory, dirty if it may be written
    // through, and none leads to a block that the file gave up. While an entry is locked it may be about to become what it is not yet.
    private string? TranslationError(long pageCount)
    {
        foreach (VmArea area in Mapping.Areas)
        {
            bool isHuge = new Translation(area.Table.DirectoryWord(0)).IsHuge;
            for (long page = 0; page < Math.Min(pageCount, area.PageCount); page++)
            {
                var small = new Translation(area.Table.PageWord(page));
                if (isHuge && small.IsPresent)
                {
                    return $"page {page} is mapped at 4 KiB under a 2 MiB translation";
                }

                Translation seen = isHuge ? new Translation(area.Table.DirectoryWord(0)) : small;
                if (seen.IsPresent && TranslationError(page, seen) is { } error)
                {
                    return error;
                }
            }
        }

        return null;
    }

    private string? TranslationError(long page, Translation seen)
    {
        Pfn? pfn = seen.IsZero ? null : seen.Pfn + (seen.IsHuge ? page : 0);
        if (pfn is { } block && Blocks.IsFreed(block))
        {
            return $"page {page} is mapped to block {block}, which was given up";
        }

        (DaxEntry entry, long start) = EntryOf(page);
        if (!entry.IsPresent)
        {
            return $"page {page} is mapped and has no entry";
        }

        if (entry.IsLocked)
        {
            return null;
        }

        if (seen.IsZero ? !entry.IsZero : !entry.IsReal || entry.Pfn + (page - start) != pfn)
        {
            return $"page {page} is mapped to {(pfn is null ? "the zero page" : $"block {pfn}")} and its entry is {entry}";
        }

        return seen.IsWritable && !entry.IsDirty ? $"page {page} may be written through and its entry is clean" : null;
    }

    // Entries: no block where the file has a hole, and no other than the file's.
    private string? EntryError()
    {
        for (long page = 0; page < DaxConstants.PagesPerPmd; page++)
        {
            (DaxEntry entry, long start) = EntryOf(page);
            Pfn? shown = entry.IsReal ? entry.Pfn + (page - start) : null;
            if (entry.IsPresent && !entry.IsEmpty && shown != Blocks.BlockOf(page))
            {
                return $"the entry of page {page} is {entry}, and the file has {Blocks.BlockOf(page)?.ToString() ?? "a hole"} there";
            }

            if (shown is { } pfn && Mapping.CountTranslations(new PageIndex(page)) > 0 && Device.PoisonList.Contains(pfn))
            {
                return $"page {page} is mapped to block {pfn}, which is poisoned";
            }
        }

        return null;
    }

    // Who holds device pages: the entries, and nobody else.
    private string? OwnerError()
    {
        for (long page = 0; page < PiecePages; page++)
        {
            (DaxEntry entry, long start) = EntryOf(page);
            Pfn? shown = entry.IsReal ? entry.Pfn + (page - start) : null;
            foreach (Pfn pfn in (ReadOnlySpan<Pfn>)[RoomBlocks.OldBlock(page), RoomBlocks.FreshBlock(page)])
            {
                PageOwner expected = pfn != shown ? default : entry.IsShared ? PageOwner.Counted(1) : PageOwner.One(MappingId, new PageIndex(page));
                if (Device.Owners.Find(pfn) is var owner && owner != expected)
                {
                    return $"block {pfn} is held by {owner}, not by {expected}";
                }
            }
        }

        return null;
    }

    private (DaxEntry Entry, long Start) EntryOf(long page)
    {
        var index = new PageIndex(page);
        var region = new RegionWord(Mapping.Entries.RegionOf(index));
        return region.IsPmd ? (region.Pmd, index.PmdStart.Value) : (new DaxEntry(Mapping.Entries.SlotOf(index)), page);
    }
}
