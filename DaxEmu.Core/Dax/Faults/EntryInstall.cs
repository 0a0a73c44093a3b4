using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>Works out what a held entry becomes, and unmaps what it ceases to be (<c>dax_insert_entry</c>).</summary>
internal static class EntryInstall
{
    /// <summary>
    /// A hole was mapped by the zero page, and now has blocks. Whatever becomes of the fault, no VMA may go on showing the zero page: the next
    /// store there does not find the blocks new.
    /// </summary>
    public static void UnmapFilled(AddressSpace mapping, HeldEntry held, in Extent target)
    {
        if (held.Entry.IsZero && (target.Flags & ExtentFlags.New) != 0)
        {
            mapping.Unmap(held.Range);
        }
    }

    /// <summary>
    /// The entry to unlock with, which stands in the table already, locked. A real entry is never replaced by the fault path, except where
    /// the block was copied for a write.
    /// </summary>
    /// <remarks>
    /// Mark before map: DIRTY is in the entry's word, and its range says ANYDIRTY, before the caller installs the translation that allows a
    /// store. A thread that stores through that translation and then syncs meets a dirty entry, locked or not. On x86-64 plain stores of a
    /// thread become visible in their order, so the stores below need no fence.
    /// </remarks>
    /// <param name="mapping">The file.</param>
    /// <param name="held">The entry whose lock the caller holds.</param>
    /// <param name="wanted">What the fault found: a real entry or a zero one, of the held entry's order.</param>
    /// <param name="isDirty">Whether the entry becomes dirty by this fault.</param>
    /// <param name="isCopied">Whether the block was shared and has just been copied.</param>
    public static DaxEntry Insert(AddressSpace mapping, HeldEntry held, DaxEntry wanted, bool isDirty, bool isCopied)
    {
        if (isCopied || (held.Entry.IsZero && wanted.IsReal))
        {
            // Other VMAs show the zero page, or the block that is no longer the file's.
            mapping.Unmap(held.Range);
        }

        DaxEntry entry = held.Entry;
        if (isCopied || !held.Entry.IsReal)
        {
            entry = wanted.WithDirty(held.Entry.IsDirty);
            mapping.Disassociate(held.Start, held.Entry);
            mapping.Associate(held.Start, entry);
        }

        if (isDirty && !entry.IsDirty)
        {
            entry = entry.WithDirty();
        }

        if (entry is { IsDirty: true, IsPmd: false } && !held.Entry.IsDirty)
        {
            mapping.Entries.NoteDirty(held.Start);
        }

        if (entry != held.Entry)
        {
            // Only the owner of the lock writes the word.
            Atomic.Store(ref mapping.Entries.WordOf(held.Start, entry.Order), entry.WithLock.Word, Site.ReplaceEntry);
        }

        if (isCopied)
        {
            // A writeback pass that runs now must not end without the copy.
            mapping.Entries.SetTowrite(held.Start);
        }

        return entry;
    }
}
