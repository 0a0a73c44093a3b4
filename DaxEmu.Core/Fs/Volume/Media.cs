namespace DaxEmu.Core.Fs.Volume;

/// <summary>Reads of metadata, whose pages may be lost.</summary>
internal static class Media
{
    /// <summary>Bytes of the medium; false if one of their pages is lost.</summary>
    public static bool TryRead(IPersistentMemory memory, long offset, int length, out ReadOnlySpan<byte> bytes)
    {
        try
        {
            bytes = memory.Read(offset, length);
            return true;
        }
        catch (DaxException lost) when (lost.Error == IoError.Poison)
        {
            bytes = default;
            return false;
        }
    }

    /// <summary>Makes lost pages usable, whose content does not count: they are written as a whole.</summary>
    public static void ClearPoison(IPersistentMemory memory, PfnRange[][] segments)
    {
        PmemDevice? device = memory as PmemDevice ?? (memory as HeldDevice)?.Device;
        if (device is null)
        {
            return;
        }

        foreach (PfnRange run in segments.SelectMany(copy => copy))
        {
            if (device.Poison.FindFirst(run.First, run.PageCount) is not null)
            {
                device.ZeroUnchecked(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift);
                device.DrainUnchecked();
                device.Poison.Clear(run.First, run.PageCount);
            }
        }
    }
}
