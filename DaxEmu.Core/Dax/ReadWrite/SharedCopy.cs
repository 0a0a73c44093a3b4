using DaxEmu.Native;

namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>Copies whole pages of shared blocks to the fresh ones that a write was given (<c>dax_iomap_copy_around</c> of a fault).</summary>
internal static class SharedCopy
{
    /// <summary>Copies the data and makes them durable, before the file shows the fresh blocks.</summary>
    /// <returns>Why not: a page of the source is poisoned, or the storage failed. Then the answer has been given back.</returns>
    public static IoError TryCopy(AddressSpace mapping, in ExtentAnswer answer, PageRange range)
    {
        PmemDevice device = mapping.Device;
        Pfn target = answer.Target.PfnAt(range.First);
        try
        {
            if (answer.Source.ReadsAsZeroes)
            {
                device.ZeroUnchecked(target.OffsetBytes, range.PageCount << DaxConstants.PageShift);
                device.DrainUnchecked();
                return IoError.None;
            }

            Pfn source = answer.Source.PfnAt(range.First);
            if (device.Poison.FindFirst(source, range.PageCount) is null)
            {
                device.Media?.Read(source.OffsetBytes, range.PageCount << DaxConstants.PageShift);
                device.CopyUnchecked(target.OffsetBytes, device.SpanUnchecked(source.OffsetBytes, (int)range.PageCount << DaxConstants.PageShift));
                device.DrainUnchecked();
                return IoError.None;
            }
        }
        catch (DaxEnvironmentException)
        {
            Abandon(mapping, answer);
            return IoError.Io;
        }
        catch
        {
            Abandon(mapping, answer);
            throw;
        }

        Abandon(mapping, answer);
        return IoError.Poison;
    }

    /// <summary>The file shows the fresh blocks from here on; the caller has replaced the entry.</summary>
    public static void Finish(AddressSpace mapping, in ExtentAnswer answer, PageRange range) =>
        mapping.ReleaseBlocks(mapping.Extents.End(answer, range));

    /// <summary>Gives an answer back unused.</summary>
    public static void Abandon(AddressSpace mapping, in ExtentAnswer answer)
    {
        if (answer.IsCopy)
        {
            mapping.ReleaseBlocks(mapping.Extents.End(answer, new PageRange(answer.Target.First, 0)));
        }
    }
}
