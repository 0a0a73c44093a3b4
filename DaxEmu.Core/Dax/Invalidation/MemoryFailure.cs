using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core;

/// <summary>
/// What a file system knows about the users of its blocks (the kernel's <c>dax_holder_operations</c>, and its reverse map).
/// </summary>
internal interface IPageHolders
{
    /// <summary>The mapping of that id; null if its file is gone.</summary>
    AddressSpace? MappingOf(long mappingId);

    /// <summary>Every place in every open file that shows a device page.</summary>
    IReadOnlyList<PagePlace> PlacesOf(Pfn pfn);
}

/// <summary>A page of a file.</summary>
/// <param name="Mapping">The file.</param>
/// <param name="Index">The page.</param>
internal readonly record struct PagePlace(AddressSpace Mapping, PageIndex Index);

/// <summary>
/// An entry that was locked through a device page of it (<c>dax_lock_folio</c>). A value instead of a cookie: it knows what to unlock
/// (B18).
/// </summary>
/// <param name="Mapping">The file.</param>
/// <param name="Page">The page of the file that the device page stands for.</param>
/// <param name="Held">The entry.</param>
internal readonly record struct PageLock(AddressSpace Mapping, PageIndex Page, HeldEntry Held) : IDisposable
{
    /// <summary>Unlocks it; the size comes from the entry, not from the page (B14).</summary>
    public void Dispose() => Mapping.Locker.UnlockByPage(Page, Held);
}

/// <summary>What a memory error came to.</summary>
/// <param name="FileCount">Files that show the page.</param>
/// <param name="MappingCount">Translations of it that were removed: what a kernel would send a signal for.</param>
public readonly record struct MemoryFailureOutcome(int FileCount, int MappingCount);

/// <summary>
/// Deals with lost memory: the page cannot be reached any more until it was written as a whole (<c>memory_failure</c> of DAX).
/// </summary>
internal static class MemoryFailure
{
    /// <summary>
    /// Locks the entry that stands on a device page (<c>dax_lock_folio</c>). Who shares the page with others cannot be found so: ask for each
    /// file by <see cref="LockEntry"/>.
    /// </summary>
    /// <remarks>
    /// The owner is read anew after each sleep, and once more under the lock: the page may have another owner by then, or none, and
    /// its file may be gone (B13, B15, B16). Waits without a claim: a thread that may abandon its wait must not swallow a wake-up (B19).
    /// </remarks>
    /// <returns>Null if no entry of one file alone stands on the page.</returns>
    public static PageLock? LockPage(PmemDevice device, Pfn pfn, IPageHolders holders)
    {
        while (true)
        {
            PageOwner owner = device.Owners.Find(pfn);
            if (owner.IsNone || owner.IsShared || holders.MappingOf(owner.Mapping) is not { } mapping)
            {
                return null;
            }

            if (TryLock(mapping, owner.Index, out HeldEntry held))
            {
                if (device.Owners.Find(pfn) == owner)
                {
                    return new PageLock(mapping, owner.Index, held);
                }

                mapping.Locker.Put(held);
            }
        }
    }

    /// <summary>Locks the entry that covers a page of a file (<c>dax_lock_mapping_entry</c>); null if none does.</summary>
    public static PageLock? LockEntry(AddressSpace mapping, PageIndex index)
    {
        while (true)
        {
            if (!mapping.Entries.Lookup(index).IsPresent)
            {
                return null;
            }

            if (TryLock(mapping, index, out HeldEntry held))
            {
                return new PageLock(mapping, index, held);
            }
        }
    }

    /// <summary>Marks a device page as lost and removes its translations everywhere.</summary>
    /// <remarks>The caller holds no entry and no invalidate lock, and keeps files from being closed.</remarks>
    public static MemoryFailureOutcome Poison(PmemDevice device, Pfn pfn, IPageHolders holders)
    {
        // First the mark, so that a fault that comes after the unmapping meets it.
        device.Poison.Mark(pfn);
        int mappings = 0;
        IReadOnlyList<PagePlace> places = holders.PlacesOf(pfn);
        foreach (PagePlace place in places)
        {
            AddressSpace mapping = place.Mapping;

            // A fault that looked before the mark was there may be about to install a translation: it is waited for.
            using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
            using PageLock? held = LockEntry(mapping, place.Index);
            mappings += held is { Held.Entry.IsReal: true } ? mapping.CountTranslations(place.Index) : 0;
            mapping.Unmap(new PageRange(place.Index, 1));
        }

        return new MemoryFailureOutcome(places.Select(p => p.Mapping).Distinct().Count(), mappings);
    }

    private static bool TryLock(AddressSpace mapping, PageIndex index, out HeldEntry held)
    {
        DaxEntry entry = mapping.Entries.Lookup(index);
        PageIndex start = index.StartOf(entry.Order);
        held = new HeldEntry(start, entry.WithoutLock);
        if (!entry.IsPresent)
        {
            return false;
        }

        if (entry.IsLocked)
        {
            mapping.Locker.WaitWithoutLocking(index);
            return false;
        }

        return EntryTable.TryLock(ref mapping.Entries.WordOf(start, entry.Order), entry);
    }
}
