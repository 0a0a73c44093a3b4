namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>Gives a file blocks of its own where it shares them (<c>dax_file_unshare</c>).</summary>
internal static class Unshare
{
    /// <summary>Most pages that are copied with faults kept out.</summary>
    private const long PagesPerStep = DaxConstants.PagesPerPmd;

    /// <summary>Unshares every block that a range touches, as a whole. The caller keeps other writers and changes of layout out.</summary>
    /// <returns>How many bytes of the range are done: all of them, or up to the block that an error stopped at.</returns>
    public static DataOutcome Run(AddressSpace mapping, long offsetBytes, long lengthBytes) => Run(mapping, offsetBytes, lengthBytes, LockedStep);

    /// <summary>As <see cref="Run(AddressSpace, long, long)"/>, for a caller that holds the invalidate lock for writing.</summary>
    public static DataOutcome RunHeld(AddressSpace mapping, long offsetBytes, long lengthBytes) => Run(mapping, offsetBytes, lengthBytes, Step);

    private delegate IoError UnshareStep(AddressSpace mapping, ref PageIndex at, PageIndex end);

    private static DataOutcome Run(AddressSpace mapping, long offsetBytes, long lengthBytes, UnshareStep step)
    {
        PageRange range = PageRange.Touching(offsetBytes, lengthBytes);
        PageIndex at = range.First;
        while (at < range.End)
        {
            IoError error = step(mapping, ref at, range.End);
            if (error != IoError.None)
            {
                return new DataOutcome(Math.Clamp(at.OffsetBytes - offsetBytes, 0, lengthBytes), error);
            }
        }

        return new DataOutcome(lengthBytes, IoError.None);
    }

    private static IoError LockedStep(AddressSpace mapping, ref PageIndex at, PageIndex end)
    {
        using (mapping.InvalidateLock.Write())
        {
            return Step(mapping, ref at, end);
        }
    }

    private static IoError Step(AddressSpace mapping, ref PageIndex at, PageIndex end)
    {
        long count = Math.Min(PagesPerStep, end - at);
        ExtentAnswer answer = mapping.Extents.Find(at, count, ExtentIntent.Write | ExtentIntent.Unshare);
        if (answer.Error != IoError.None)
        {
            return answer.Error;
        }

        PageIndex stop = answer.Target.End < at + count ? answer.Target.End : at + count;
        if (answer.IsCopy)
        {
            var pages = PageRange.Between(at, stop);

            // Copies whole blocks, and zeroes where the source is a hole: the fresh block holds what its last owner left there.
            IoError error = SharedCopy.TryCopy(mapping, answer, pages);
            if (error != IoError.None)
            {
                return error;
            }

            if (!BlockStore.TryReplaceEntries(mapping, pages))
            {
                SharedCopy.Abandon(mapping, answer);
                return IoError.Io;
            }

            SharedCopy.Finish(mapping, answer, pages);
        }

        at = stop;
        return IoError.None;
    }
}
