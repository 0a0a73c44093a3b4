using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The extents that threads' last faults in a file were answered from, each in its thread's own line (<see cref="LastExtent"/>).</summary>
/// <remarks>All is called with the invalidate lock held for reading.</remarks>
internal sealed unsafe class LastExtents(AddressSpace mapping)
{
    private readonly AsymmetricLock invalidateLock = mapping.InvalidateLock;
    private readonly PageOwners owners = mapping.Device.Owners;
    private readonly bool keepsAnswers = mapping.Extents.KeepsAnswers;
    private readonly long id = mapping.Id;
    private readonly int way = ThreadSlots.WayOf(mapping.Id);

    /// <summary>Keeps an answer for this thread's next fault, if it is one of blocks that only a change of layout can take or share.</summary>
    public void Note(in ExtentAnswer answer)
    {
        Extent extent = answer.Target;
        if (!keepsAnswers
            || extent.Kind != ExtentKind.Mapped
            || (extent.Flags & (ExtentFlags.New | ExtentFlags.Shared)) != 0
            || answer.IsCopy
            || !owners.Covers(new PfnRange(extent.Pfn, extent.PageCount)))
        {
            return;
        }

        (ReaderSlot.Mine + way)->Extent = new LastExtent
        {
            Mapping = id,
            Generation = invalidateLock.Generation,
            First = extent.First.Value,
            PageCount = extent.PageCount,
            Pfn = extent.Pfn.Value,
        };
    }

    /// <summary>The device page behind a page of the file, if the thread's last extent covers it.</summary>
    /// <returns>False if it does not, or the layout has changed since.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryFind(ReaderSlot* lines, PageIndex index, out long pfn)
    {
        LastExtent* last = &(lines + way)->Extent;
        long inside = index.Value - last->First;
        pfn = last->Pfn + inside;
        return (ulong)inside < (ulong)last->PageCount && last->Mapping == id && last->Generation == invalidateLock.Generation;
    }
}
