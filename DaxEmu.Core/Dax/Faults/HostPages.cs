using DaxEmu.Core.Mm;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The pages of a real address range, mapped from the device's file, from private copies and from nothing.</summary>
/// <param name="area">The VMA.</param>
/// <param name="address">Where its first page lies.</param>
/// <param name="device">The device, which has a file.</param>
internal sealed class HostPages(VmArea area, nint address, PmemDevice device) : IHostPages
{
    private const int OutOfMappings = 12; // ENOMEM

    /// <inheritdoc/>
    public bool TryMap(VmaPage first, long count, Translation translation, bool isWritable)
    {
        HostFaults.Counts.CountMapCall();
        HostMappingLimit.NoteMapCall();
        int errno = MapAt(first, count, translation, isWritable);
        return errno switch
        {
            0 => true,
            OutOfMappings => false,
            _ => throw new InvalidOperationException($"cannot map {count} pages at 0x{AddressOf(first):x}: errno {errno}."),
        };
    }

    /// <inheritdoc/>
    public void Drop(VmaPage first, long count)
    {
        HostFaults.Counts.CountDropCall();
        HostRange.Drop(AddressOf(first), Bytes(count));
    }

    /// <inheritdoc/>
    public void WriteProtect(VmaPage first, long count)
    {
        // Where the mapping cannot be split any more, it goes: the next access maps it again.
        if (HostRange.WriteProtect(AddressOf(first), Bytes(count)) != 0)
        {
            Drop(first, count);
        }
    }

    /// <inheritdoc/>
    public void Release(VmaPage first, long count) => HostRange.Release(AddressOf(first), Bytes(count));

    private int MapAt(VmaPage first, long count, Translation translation, bool isWritable)
    {
        if (translation.IsZero)
        {
            return HostRange.MapZeroes(AddressOf(first), Bytes(count));
        }

        if (translation.IsCopy)
        {
            return HostRange.MapFile(AddressOf(first), Bytes(count), area.CopyFile, first.OffsetBytes, isWritable);
        }

        long inHuge = translation.IsHuge ? Bytes((area.LeadPages + first.Value) & DaxConstants.ColourMask) : 0;
        int errno = HostRange.MapFile(AddressOf(first), Bytes(count), device.File!, translation.Pfn.OffsetBytes + inHuge, isWritable);
        if (errno == 0 && translation.IsHuge && count == DaxConstants.PagesPerPmd && device.IsFirst2MiBMapping(translation.Pfn))
        {
            HostRange.Collapse(AddressOf(first), Bytes(count));
        }
        else if (errno == 0 && count > 1 && !translation.IsHuge)
        {
            HostRange.Populate(AddressOf(first), Bytes(count));
        }

        return errno;
    }

    private nint AddressOf(VmaPage page) => address + (nint)page.OffsetBytes;

    private static long Bytes(long pages) => pages << DaxConstants.PageShift;
}
