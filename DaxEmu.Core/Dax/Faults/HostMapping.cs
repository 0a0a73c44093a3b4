using DaxEmu.Core.Mm;
using DaxEmu.Native;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>A file mapped at real addresses (mmap): any load or store there is an access, and faults as one.</summary>
/// <remarks>
/// In a process with a .NET runtime of its own around this code (CoreCLR), only native code may access the addresses, by
/// <see cref="HostAccess"/>: a managed thread that faults inside managed code cannot enter a managed handler.
/// </remarks>
internal sealed unsafe class HostMapping : IDisposable
{
    private static Lock gate = new();
    private static volatile HostMapping[] all = [];
    private static volatile HostAddresses[] addresses = [];
    private static nint lowest = nint.MaxValue;
    private static nint highest;

    private readonly HostFaultCounts counts;
    private readonly long window;
    private HostMmu mmu = null!;

    private HostMapping(FaultLoop faults, nint address, long lengthBytes, HostMappingOptions options)
    {
        counts = HostFaults.Counts;
        Faults = new FaultLoop(faults.Handler) { Counts = counts };
        Address = address;
        LengthBytes = lengthBytes;
        window = Math.Max(1, options.FaultAroundBytes >> DaxConstants.PageShift);
    }

    /// <summary>The first address.</summary>
    public nint Address { get; }

    /// <summary>Bytes from the first address to the end, parts that were unmapped included.</summary>
    public long LengthBytes { get; }

    /// <summary>The VMA, whose table is the authority.</summary>
    public VmArea Area { get; private set; } = null!;

    /// <summary>Serves its faults.</summary>
    public FaultLoop Faults { get; }

    /// <summary>The parts that are still mapped, with their rights.</summary>
    public IReadOnlyList<HostPiece> Pieces => mmu.Pieces;

    /// <summary>All mappings of the process now.</summary>
    public static IReadOnlyList<HostMapping> All => all;

    /// <summary>Maps pages of a file.</summary>
    /// <param name="faults">The faults of the file.</param>
    /// <param name="first">The page of the file that the first address maps.</param>
    /// <param name="pageCount">How many pages.</param>
    /// <param name="mode">What the mapping is for.</param>
    /// <param name="options">Where and how.</param>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it, the addresses are in use, or the device is no file.</exception>
    public static HostMapping Map(FaultLoop faults, PageIndex first, long pageCount, MapMode mode, HostMappingOptions options)
    {
        AddressSpace file = faults.Mapping;
        if (file.Device.File is null)
        {
            throw new DaxEnvironmentException(
                $"the device '{file.Device.Name}' has no file that could be mapped at other addresses",
                "Create it on a file, on tmpfs (/dev/shm) for example.");
        }

        HostFaults.Install();
        long lengthBytes = pageCount << DaxConstants.PageShift;

        // As thp_get_unmapped_area: a range that cannot have 2 MiB translations is not aligned for them.
        long? lead = options.LeadPages ?? (pageCount >= DaxConstants.PagesPerPmd ? first.Colour : null);
        nint address = HostRange.Reserve(options.Address, lengthBytes, lead << DaxConstants.PageShift, options.Place);
        var mapping = new HostMapping(faults, address, lengthBytes, options);
        bool canWrite = options.CanWrite && (mode & (MapMode.Shared | MapMode.ReadOnly)) != (MapMode.Shared | MapMode.ReadOnly);
        try
        {
            mapping.Area = file.MapAt(first, pageCount, mode, address, area =>
                mapping.mmu = new HostMmu(area, PagesOf(area, address, file, options), new HostPiece(0, pageCount, options.CanRead, canWrite)));
        }
        catch
        {
            HostRange.Release(address, lengthBytes);
            throw;
        }

        if (!canWrite && (mode & MapMode.ReadOnly) == 0)
        {
            // mprotect can make a part writable: a piece of its own then.
            mapping.Area.Protect(0, pageCount, isReadOnly: true);
        }

        mapping.Register();
        return mapping;
    }

    /// <summary>Whether there is any.</summary>
    public static bool AreThere => all.Length > 0;

    /// <summary>The mapping around an address; null if there is none.</summary>
    public static HostMapping? Find(nint address)
    {
        HostAddresses[] sorted = addresses;
        int at = FirstPast(sorted, address);
        return at < sorted.Length && sorted[at].Start <= address ? sorted[at].Mapping : null;
    }

    /// <summary>Whether any mapping has an address of a range.</summary>
    public static bool Overlaps(nint address, long length)
    {
        HostAddresses[] sorted = addresses;
        int at = FirstPast(sorted, address);
        return at < sorted.Length && sorted[at].Start < address + length;
    }

    /// <summary>What mappings have of a range of addresses, in order.</summary>
    public static IEnumerable<HostAddresses> InRange(nint address, long length)
    {
        HostAddresses[] sorted = addresses;
        nint end = address + (nint)length;
        for (int at = FirstPast(sorted, address); at < sorted.Length && sorted[at].Start < end; at++)
        {
            HostAddresses found = sorted[at];
            yield return found with { Start = Math.Max(found.Start, address), End = Math.Min(found.End, end) };
        }
    }

    /// <summary>Faults a page in as a load or store would. It can be dropped again at once, by writeback or truncate.</summary>
    /// <returns>Why it cannot be reached; <see cref="IoError.ReadOnly"/> also if it is not mapped there.</returns>
    public IoError Access(nint address, bool isWrite)
    {
        HostFaultVerdict verdict = Serve(address, isWrite, out IoError error);
        return verdict == HostFaultVerdict.Foreign ? IoError.ReadOnly : error;
    }

    /// <summary>Serves a page fault (<c>handle_mm_fault</c>): afterwards the page is shown as the access needs it, or cannot be.</summary>
    /// <param name="address">The address, inside the mapping.</param>
    /// <param name="isWrite">Whether it is a store.</param>
    /// <param name="error">Why it cannot be reached.</param>
    public HostFaultVerdict Serve(nint address, bool isWrite, out IoError error)
    {
        VmaPage page = VmaPage.FromBytes(address - Address);
        error = IoError.None;
        if (HostMappingLimit.IsReached())
        {
            EvictAll();
        }

        while (true)
        {
            using (AsymmetricLock.ReadHold hold = Faults.Mapping.InvalidateLock.Read())
            {
                // A piece that goes meanwhile is seen when the page is shown, under the lock that it is changed under.
                if (Area.IsGone || mmu.PieceOf(page)?.Allows(isWrite) != true)
                {
                    return HostFaultVerdict.Foreign;
                }

                error = Faults.Resolve(FaultLoop.RequestFor(Area, page, isWrite), out Translation translation);
                if (error != IoError.None)
                {
                    return error == IoError.ReadOnly ? HostFaultVerdict.Foreign : HostFaultVerdict.Bus;
                }

                bool isAround = window > 1 && !translation.IsHuge && Area.IsShared && FaultAround(page, isWrite);
                switch (mmu.TryMap(page, isWrite, isAround ? window : 1))
                {
                    case MapOutcome.Shown:
                        return HostFaultVerdict.Served;
                    case MapOutcome.NotAllowed:
                        return HostFaultVerdict.Foreign;
                    case MapOutcome.Changed:
                        continue;
                }
            }

            EvictAll();
        }
    }

    /// <summary>Faults a run of pages in, as loads or stores would, and shows each stretch of contiguous memory by one call (<c>MADV_POPULATE_READ</c>, <c>_WRITE</c>).</summary>
    /// <param name="address">The first address.</param>
    /// <param name="length">How many bytes; those outside are passed over.</param>
    /// <param name="isWrite">Whether the pages are to be written: they are dirty then.</param>
    /// <param name="reached">The first address that was not reached, or the end.</param>
    /// <returns>Why the rest cannot be reached; as for <see cref="Access"/>.</returns>
    public IoError Populate(nint address, long length, bool isWrite, out nint reached)
    {
        (long at, long count) = Clip(address, length) ?? (0, 0);
        long end = at + count;
        IoError error = IoError.None;
        while (at < end && error == IoError.None)
        {
            long from = at;
            error = PopulateSome(ref at, Math.Min(end, at + DaxConstants.PagesPerPmd), isWrite);
            if (error == IoError.None && at == from)
            {
                error = Access(Address + (nint)(at << DaxConstants.PageShift), isWrite); // in the way of a single access, with its eviction
                at++;
            }
        }

        reached = Address + (nint)(at << DaxConstants.PageShift);
        return error;
    }

    /// <summary>Ends a part, or all of it (munmap). When nothing is left it is disposed.</summary>
    /// <param name="address">The first address, at a page.</param>
    /// <param name="length">How many bytes; those outside are passed over.</param>
    public void Unmap(nint address, long length)
    {
        if (Clip(address, length) is not { } range)
        {
            return;
        }

        // First the translations, which a private copy goes with, then the addresses: from then on they may be another's. An access in between
        // is one to addresses that are not mapped.
        Area.Zap(range.First, range.Count);
        Forget(range.First, range.Count);
        mmu.Change(range.First, range.Count, rights: null);
        if (mmu.IsEmpty)
        {
            Dispose();
        }
    }

    /// <summary>Changes what a part may be used for (mprotect).</summary>
    /// <param name="address">The first address, at a page.</param>
    /// <param name="length">How many bytes; those outside are passed over.</param>
    /// <param name="canRead">Whether it may be read.</param>
    /// <param name="canWrite">Whether it may be written.</param>
    /// <returns>False if the mapping is shared and read-only, and can not be made writable (EACCES).</returns>
    public bool TryProtect(nint address, long length, bool canRead, bool canWrite)
    {
        if (canWrite && (Area.Mode & (MapMode.Shared | MapMode.ReadOnly)) == (MapMode.Shared | MapMode.ReadOnly))
        {
            return false;
        }

        if (Clip(address, length) is not { } range)
        {
            return true;
        }

        if ((Area.Mode & MapMode.ReadOnly) == 0)
        {
            Area.Protect(range.First, range.Count, isReadOnly: !canWrite);
        }

        mmu.Change(range.First, range.Count, new HostPiece(range.First, range.Count, canRead || canWrite, canWrite));
        return true;
    }

    /// <summary>Forgets the translations of a part, and private copies with their contents (<c>MADV_DONTNEED</c>).</summary>
    /// <param name="address">The first address, at a page.</param>
    /// <param name="length">How many bytes; those outside are passed over.</param>
    public void Zap(nint address, long length)
    {
        if (Clip(address, length) is { } range)
        {
            Area.Zap(range.First, range.Count);
        }
    }

    /// <summary>Whether the page around an address is shown now: for tests and reports.</summary>
    public bool IsShown(nint address) => mmu.IsShown(VmaPage.FromBytes(address - Address));

    /// <summary>
    /// In a child of fork: what it inherited shows nothing any more, and is forgotten. No lock is entered, since the thread that holds it may not exist
    /// here. What the child maps itself is its own.
    /// </summary>
    public static void ForgetInChild()
    {
        foreach (HostMapping mapping in all)
        {
            foreach (HostPiece piece in mapping.mmu.Pieces)
            {
                HostRange.Drop(mapping.Address + (nint)(piece.First << DaxConstants.PageShift), piece.Count << DaxConstants.PageShift);
            }
        }

        gate = new Lock();
        all = [];
        addresses = [];
    }

    /// <summary>Ends all of it: waits for faults that run. Again does nothing.</summary>
    public void Dispose()
    {
        if (!Unregister())
        {
            return;
        }

        Area.Dispose(); // no fault runs after this
        mmu.Change(0, Area.PageCount, rights: null);
        mmu.Dispose();
    }

    private IoError PopulateSome(ref long at, long end, bool isWrite)
    {
        using AsymmetricLock.ReadHold hold = Faults.Mapping.InvalidateLock.Read();
        if (Area.IsGone)
        {
            return IoError.ReadOnly;
        }

        IoError error = IoError.None;
        long resolved = at;
        while (resolved < end && error == IoError.None)
        {
            if (mmu.PieceOf(resolved) is not { } piece || !piece.Allows(isWrite))
            {
                error = IoError.ReadOnly;
                break;
            }

            long stop = Math.Min(end, piece.End); // which a 2 MiB translation may reach over
            error = Faults.PopulateHeld(Area, ref resolved, stop, isWrite);
            resolved = Math.Min(resolved, stop);
        }

        while (at < resolved && mmu.TryMap(at, isWrite, DaxConstants.PagesPerPmd, out long shown) == MapOutcome.Shown)
        {
            at = shown;
        }

        // What could be reached is shown; the error is of the page after it.
        return at >= resolved ? error : IoError.None;
    }

    private static IHostPages PagesOf(VmArea area, nint address, AddressSpace file, HostMappingOptions options)
    {
        var pages = new HostPages(area, address, file.Device);
        return options.KeepsDropped ? new StaleHostPages(pages) : pages;
    }

    // The pages around that have entries, as the kernel's fault-around maps what is in the page cache. False if there is none to be mapped.
    private bool FaultAround(VmaPage page, bool isWrite)
    {
        bool isAny = false;
        long first = Math.Max(0, page.Value & -window);
        long end = Math.Min(Area.PageCount, first + window);
        for (long other = first; other < end; other++)
        {
            PageIndex index = Area.IndexOf(other);
            if (other != page.Value
                && index < Faults.Mapping.EndIndex
                && Faults.Mapping.Entries.Lookup(index) is { IsReal: true, IsPmd: false, IsShared: false, IsLocked: false }
                && !Area.Table.Find(other).Allows(isWrite))
            {
                _ = Faults.Handler.FaultHeld(FaultLoop.RequestFor(Area, other, isWrite), PageOrder.Pte);
                isAny = true;
            }
        }

        return isAny;
    }

    // What is shown is a copy of the tables: dropping it costs faults, and nothing else.
    private static void EvictAll()
    {
        HostFaults.Counts.CountEviction();
        foreach (HostMapping mapping in all)
        {
            mapping.mmu.Drop(0, mapping.Area.PageCount);
        }
    }

    private (long First, long Count)? Clip(nint address, long length)
    {
        long first = Math.Max(0, (address - Address) >> DaxConstants.PageShift);
        long end = Math.Min(Area.PageCount, (address - Address + length + DaxConstants.PageSize - 1) >> DaxConstants.PageShift);
        return first < end ? (first, end - first) : null;
    }

    private void Register()
    {
        lock (gate)
        {
            all = [.. all, this];
            addresses = [.. addresses.Append(new HostAddresses(Address, Address + (nint)LengthBytes, this)).OrderBy(range => range.Start)];
            lowest = Math.Min(lowest, Address);
            highest = Math.Max(highest, Address + (nint)LengthBytes);
            HostFaults.ServeRange(lowest, highest);
        }
    }

    private bool Unregister()
    {
        lock (gate)
        {
            HostMapping[] before = all;
            all = [.. before.Where(m => m != this)];
            addresses = [.. addresses.Where(range => range.Mapping != this)];
            return all.Length < before.Length;
        }
    }

    private void Forget(long first, long count)
    {
        nint start = Address + (nint)(first << DaxConstants.PageShift);
        nint end = start + (nint)(count << DaxConstants.PageShift);
        lock (gate)
        {
            addresses = [.. addresses.SelectMany(range => range.Mapping != this
                ? [range]
                : new[] { range with { End = Math.Min(range.End, start) }, range with { Start = Math.Max(range.Start, end) } }.Where(rest => rest.Start < rest.End))];
        }
    }

    // The first range that ends after an address.
    private static int FirstPast(HostAddresses[] sorted, nint address)
    {
        int low = 0;
        int high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = sorted[middle].End <= address ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
