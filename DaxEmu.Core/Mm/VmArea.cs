using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Mm;
using DaxEmu.Native.Memory;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Core;

/// <summary>A mapping of a range of a file into an address space (<c>struct vm_area_struct</c>), with page tables of its own.</summary>
/// <remarks>
/// Addresses are the emulator's own numbers: what counts is their place inside 2 MiB.
/// </remarks>
public sealed unsafe partial class VmArea : IDisposable
{
    // Equal to no file, and not null: so that one comparison tells all.
    private static readonly object NotPlain = new();

    private readonly PlainLock copyCreation = new("lock of the private copies");
    private readonly PinnedLines gate = new(1);
    private readonly bool isHost;
    private readonly PlainLock disposeGate = new("lock of the unmapping");
    private readonly long hugeFirst;
    private ReservedRegion? copies;
    private bool isDisposed;
    private long hugeCount;
    private Published<VmPiece[]> pieceList;

    /// <param name="file">The file.</param>
    /// <param name="startAddress">The first byte.</param>
    /// <param name="firstIndex">The page of the file that the first page maps.</param>
    /// <param name="pageCount">How many pages.</param>
    /// <param name="mode">What it is for.</param>
    /// <param name="isHost">Whether its translations are shown in real addresses: then no fault takes the short way, which would not show them.</param>
    internal VmArea(VmFile file, long startAddress, PageIndex firstIndex, long pageCount, MapMode mode, bool isHost = false)
    {
        this.isHost = isHost;
        File = file;
        StartAddress = startAddress;
        FirstIndex = firstIndex;
        PageCount = pageCount;
        Mode = mode;
        LeadPages = (int)(startAddress >> DaxConstants.PageShift) & DaxConstants.ColourMask;
        HasMatchingColour = LeadPages == firstIndex.Colour;
        PlainForReads = isHost ? NotPlain : file;
        hugeFirst = -LeadPages & DaxConstants.ColourMask;
        Table = new PageTable(LeadPages, pageCount, file.UsesHugeTables, hasCopies: !IsShared);
        Words = Table.Arrays;
        VmPiece[] pieces = [new VmPiece(0, pageCount, (mode & MapMode.ReadOnly) != 0)];
        pieceList = new Published<VmPiece[]>(pieces);
        OpenShortWays(pieces);
    }

    /// <summary>The id of the mapping whose pages are mapped.</summary>
    public long MappingId => File.MappingId;

    /// <summary>The file that is mapped.</summary>
    internal VmFile File { get; }

    /// <summary>First byte, an address of the emulator's own; a multiple of the page size.</summary>
    public long StartAddress { get; }

    /// <summary>The byte after the last.</summary>
    public long EndAddress => StartAddress + (PageCount << DaxConstants.PageShift);

    /// <summary>The page of the file that the first page maps.</summary>
    public PageIndex FirstIndex { get; }

    /// <summary>How many pages are mapped.</summary>
    public long PageCount { get; }

    /// <summary>What it is for.</summary>
    public MapMode Mode { get; }

    /// <summary>Whether writes go to the file.</summary>
    public bool IsShared => (Mode & MapMode.Shared) != 0;

    /// <summary>Whether write faults wait for durable metadata.</summary>
    public bool IsSync => (Mode & MapMode.Sync) != 0;

    /// <summary>The runs of pages of one protection, in order; one unless a part was protected.</summary>
    public IReadOnlyList<VmPiece> Pieces => AllPieces;

    private VmPiece[] AllPieces
    {
        get => pieceList.Read(this, "protection");
        set => pieceList.Write(this, "protection", value);
    }

    /// <summary>Whether 2 MiB translations may stand in it.</summary>
    public bool AllowsHuge => (Mode & MapMode.NoHugePage) == 0;

    /// <summary>The pages of the file that are mapped.</summary>
    public PageRange FileRange => new(FirstIndex, PageCount);

    internal PageTable Table { get; }

    /// <summary>The words of <see cref="Table"/>.</summary>
    internal PageTable.Words Words { get; }

    /// <summary>Pages from the 2 MiB boundary before the start to the start.</summary>
    internal int LeadPages { get; }

    /// <summary>Whether addresses and file offsets have the same places in their 2 MiB.</summary>
    internal bool HasMatchingColour { get; }

    /// <summary>The file, if a read fault on a real entry needs nothing but the entry; another object when the VMA is gone.</summary>
    /// <remarks>One load and one comparison show a handler that the VMA is its own, is there, and is plain.</remarks>
    internal object PlainForReads { get; private set; }

    /// <summary>As <see cref="PlainForReads"/>, for a write fault; another object also if writes go to copies, wait for metadata, or are refused somewhere.</summary>
    internal object PlainForWrites { get; private set; }

    /// <summary>Whether all pages have one protection.</summary>
    internal bool IsWhole => AllPieces.Length == 1;

    /// <summary>Whether the 2 MiB around a page lie in the VMA, which has one protection: then no more than the end of the file can rule out a 2 MiB fault.</summary>
    /// <remarks>Changes with the invalidate lock held for writing.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool HoldsHuge(VmaPage page) => (ulong)(page.Value - hugeFirst) < (ulong)hugeCount;

    /// <summary>Orders the makers of private copies: two must not write the same copy.</summary>
    internal ref ulong CopyGate => ref *gate[0];

    /// <summary>The translation through which a page is reached, of either size.</summary>
    /// <param name="page">The page, counted from the start of the VMA.</param>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public Translation TranslationOf(VmaPage page)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(page.Value, nameof(page));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(page.Value, PageCount, nameof(page));
        using AsymmetricLock.ReadHold hold = File.AreasLock.Read(); // who only looks does not wait for a change of layout
        ThrowIfGone();
        return Table.Find(page);
    }

    /// <summary>Changes the protection of a run of pages (mprotect): afterwards it counts as a VMA of its own, unless its neighbours are alike.</summary>
    /// <remarks>
    /// Taking writes away leaves translations dirty. Giving them back makes a dirty translation writable again without a fault
    /// (2 MiB ones in Linux 6.12, not in 6.1). A 2 MiB translation that is cut is dropped.
    /// </remarks>
    /// <param name="firstPage">First page, counted from the VMA's start.</param>
    /// <param name="pageCount">How many pages.</param>
    /// <param name="isReadOnly">Whether writes are refused from now on.</param>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public void Protect(long firstPage, long pageCount, bool isReadOnly)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPage);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, PageCount - firstPage);
        using AsymmetricLock.WriteHold hold = File.InvalidateLock.Write();
        ThrowIfGone();
        VmPiece before = PieceOf(firstPage);
        if (before.IsReadOnly == isReadOnly && before.EndPage >= firstPage + pageCount)
        {
            return;
        }

        VmPiece[] pieces = VmPiece.Protect(AllPieces, firstPage, pageCount, isReadOnly);
        AllPieces = pieces;
        OpenShortWays(pieces);
        Table.SplitAt(firstPage);
        Table.SplitAt(firstPage + pageCount);
        Table.Protect(firstPage, pageCount, isReadOnly, File.RestoresHugeWrites);
    }

    /// <summary>The run of one protection around a page.</summary>
    internal VmPiece PieceOf(VmaPage page)
    {
        VmPiece[] all = AllPieces;
        foreach (VmPiece piece in all)
        {
            if (page.Value < piece.EndPage)
            {
                return piece;
            }
        }

        return all[^1];
    }

    /// <summary>Unmaps it (munmap): returns when no fault works on it any more. Again does nothing.</summary>
    public void Dispose()
    {
        if (TryBeginDispose())
        {
            File.Remove(this);
            FreeTables();
        }
    }

    /// <summary>As <see cref="Dispose"/>, when the mapping has marked it gone and forgotten it already.</summary>
    internal void DisposeForgotten()
    {
        if (TryBeginDispose())
        {
            FreeTables();
        }
    }

    /// <summary>Frees page tables and private copies: no thread reaches them any more.</summary>
    internal void FreeTables()
    {
        Table.Dispose();
        copies?.Dispose();
    }

    /// <summary>Whether it was unmapped. Does not change, and its tables stay, while the invalidate lock is held for reading.</summary>
    internal bool IsGone { get; private set; }

    /// <summary>Refuses a VMA that was unmapped; called with the invalidate lock held.</summary>
    internal void ThrowIfGone() => ObjectDisposedException.ThrowIf(IsGone, this);

    /// <summary>Refuses flags of which no VMA can be made.</summary>
    /// <exception cref="ArgumentException">They are neither shared nor private, both, synchronous and not shared, or unknown.</exception>
    internal static void CheckMode(MapMode mode)
    {
        const MapMode All =
            MapMode.Shared | MapMode.Private | MapMode.Sync | MapMode.ReadOnly | MapMode.NoHugePage;
        if ((mode & ~All) != 0)
        {
            throw new ArgumentException($"The flags 0x{(int)mode:x} of a mapping have bits that mean nothing. Use those of {nameof(MapMode)}.", nameof(mode));
        }

        bool isShared = (mode & MapMode.Shared) != 0;
        if (isShared == ((mode & MapMode.Private) != 0))
        {
            throw new ArgumentException(
                $"A mapping is either shared or private, not '{mode}'. Add {nameof(MapMode)}.{nameof(MapMode.Shared)} for writes that go to the file, "
                    + $"or {nameof(MapMode)}.{nameof(MapMode.Private)} for writes that go to copies.",
                nameof(mode));
        }

        if (!isShared && (mode & MapMode.Sync) != 0)
        {
            throw new ArgumentException(
                $"A synchronous mapping is a shared one, not '{mode}': use {nameof(MapMode)}.{nameof(MapMode.Shared)} | {nameof(MapMode)}.{nameof(MapMode.Sync)}.", nameof(mode));
        }
    }

    /// <summary>Without a translation, as it was made: for a checker that uses one mapping for many runs.</summary>
    internal void Reset()
    {
        Table.Reset();
        CopyGate = 0;
    }

    // Which faults need not ask for a page's protection. 2 MiB ones: where the 2 MiB lie in the VMA, whole and at the same place in 2 MiB of the file.
    [MemberNotNull(nameof(PlainForWrites))]
    private void OpenShortWays(VmPiece[] pieces)
    {
        bool isWhole = pieces.Length == 1;
        PlainForWrites = !isHost && IsShared && !IsSync && isWhole && !pieces[0].IsReadOnly ? File : NotPlain;
        hugeCount = isWhole && HasMatchingColour ? Math.Max(0, (PageCount - hugeFirst) & ~(long)DaxConstants.ColourMask) : 0;
    }

    private bool TryBeginDispose()
    {
        using (disposeGate.Enter())
        {
            bool isFirst = !isDisposed;
            isDisposed = true;
            return isFirst;
        }
    }

    /// <summary>Called with the invalidate lock held for writing.</summary>
    internal void MarkGone()
    {
        IsGone = true;
        PlainForReads = NotPlain;
        PlainForWrites = NotPlain;
    }

    /// <summary>The page of the file behind a page of the VMA.</summary>
    internal PageIndex IndexOf(VmaPage page) => FirstIndex + page.Value;

    /// <summary>The first byte of the memory that a present translation of a page leads to.</summary>
    internal byte* MemoryOf(VmaPage page, Translation translation)
    {
        long offset = translation.IsHuge ? ((LeadPages + page.Value) & DaxConstants.ColourMask) << DaxConstants.PageShift : 0;
        if (translation.IsCopy)
        {
            return CopyOf(page);
        }

        return (byte*)(translation.IsZero ? ZeroMemory.Base : File.DeviceBase + (nint)translation.Pfn.OffsetBytes) + offset;
    }

    /// <summary>Drops the translations of a run of pages, and private copies with their contents (<c>zap_page_range</c> of <c>MADV_DONTNEED</c>).</summary>
    /// <param name="first">The first page.</param>
    /// <param name="pageCount">How many; pages past the end of the VMA are passed over.</param>
    /// <exception cref="ArgumentOutOfRangeException">The first page or the count is negative.</exception>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public void Zap(VmaPage first, long pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first.Value, nameof(first));
        ArgumentOutOfRangeException.ThrowIfNegative(pageCount);
        using AsymmetricLock.ReadHold hold = File.InvalidateLock.Read();
        ThrowIfGone();
        if (first.Value >= PageCount)
        {
            return;
        }

        pageCount = Math.Min(pageCount, PageCount - first.Value);

        if (IsShared)
        {
            Table.Unmap(first, pageCount, keepCopies: false); // there are no copies
            return;
        }

        // Under the gate of the copies no thread fills one of these pages.
        WordLock.Enter(ref CopyGate, Site.Copying);
        try
        {
            Table.Unmap(first, pageCount, keepCopies: false);
            ReservedRegion? memory;
            using (copyCreation.Enter())
            {
                memory = copies;
            }

            memory?.Release(first.OffsetBytes, pageCount << DaxConstants.PageShift);
        }
        finally
        {
            WordLock.Leave(ref CopyGate, Site.Copying);
        }
    }

    /// <summary>Where the private copy of a page lies: copies of neighbouring pages are neighbours.</summary>
    internal byte* CopyOf(VmaPage page)
    {
        using (copyCreation.Enter())
        {
            copies ??= isHost
                ? ReservedRegion.ReserveWithFile(PageCount << DaxConstants.PageShift)
                : ReservedRegion.Reserve(PageCount << DaxConstants.PageShift);
        }

        return (byte*)copies.Base + page.OffsetBytes;
    }

    /// <summary>The file of the private copies, each at its page's own place; of a VMA that is shown in real addresses and has copies.</summary>
    internal SafeFileHandle CopyFile => copies!.File!;
}
