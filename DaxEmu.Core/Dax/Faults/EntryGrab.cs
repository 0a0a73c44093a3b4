using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The part of <c>grab_mapping_entry</c> that unmaps: the entry table itself knows nothing of VMAs.</summary>
internal static class EntryGrab
{
    /// <summary>The locked entry for a 4 KiB fault: the page's own, or the real 2 MiB one around it.</summary>
    public static HeldEntry ForPte(AddressSpace mapping, PageIndex index, bool isWrite)
    {
        Grab grab = mapping.Locker.Grab(index, PageOrder.Pte);
        HeldEntry held = grab.Held;
        bool isSharedPmd = isWrite && held.Entry is { IsPmd: true, IsReal: true, IsShared: true };
        if (grab.Outcome != GrabOutcome.NeedsDowngrade && !isSharedPmd)
        {
            return held;
        }

        try
        {
            // A zero entry is mapped and goes from every VMA; an empty one never was. A real one of shared blocks makes way too: the
            // page is about to get a block of its own, the other 511 are found again where they are.
            if (!held.Entry.IsEmpty)
            {
                mapping.Unmap(held.Range);
                mapping.Disassociate(held.Start, held.Entry);
            }
        }
        catch
        {
            mapping.Locker.Put(held);
            throw;
        }

        return mapping.Locker.FinishDowngrade(held, index);
    }
}
