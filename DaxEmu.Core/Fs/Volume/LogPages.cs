using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Pages for the copies of a log, from the same allocator as those of files.</summary>
internal static class LogPages
{
    /// <summary>Takes pages for both copies.</summary>
    /// <param name="memory">The medium; pages of it that are lost are written as a whole, which makes them usable.</param>
    /// <param name="allocator">Where they come from.</param>
    /// <param name="bytes">How much each copy must hold.</param>
    /// <returns>Null if there are not enough, or they lie in too many pieces; nothing is taken then.</returns>
    public static PfnRange[][]? TryTake(IPersistentMemory memory, BlockAllocator allocator, long bytes)
    {
        long pages = (bytes + DaxConstants.PageSize - 1) >> DaxConstants.PageShift;
        var taken = new List<PfnRange>[VolumeFormat.CopyCount];
        bool isWhole = true;
        for (int copy = 0; copy < taken.Length; copy++)
        {
            taken[copy] = [];
            long left = pages;
            while (isWhole && left > 0)
            {
                isWhole = taken[copy].Count < VolumeFormat.MostSegments && allocator.TryAllocate(left, default, out PfnRange run) && Add(taken[copy], run, ref left);
            }
        }

        if (isWhole && Aligned(taken) is { } aligned)
        {
            Media.ClearPoison(memory, aligned);
            return aligned;
        }

        foreach (PfnRange run in taken.SelectMany(copy => copy))
        {
            allocator.TakeBack(run);
        }

        return null;
    }

    /// <summary>Gives pages back that no root leads to.</summary>
    public static void GiveBack(BlockAllocator allocator, PfnRange[][] segments)
    {
        foreach (PfnRange run in segments.SelectMany(copy => copy))
        {
            allocator.TakeBack(run);
        }
    }

    private static bool Add(List<PfnRange> runs, PfnRange run, ref long left)
    {
        runs.Add(run);
        left -= run.PageCount;
        return true;
    }

    // Both copies have as many segments: a longer one is cut until they do.
    private static PfnRange[][]? Aligned(List<PfnRange>[] taken)
    {
        int count = Math.Max(taken[0].Count, taken[1].Count);
        foreach (List<PfnRange> copy in taken)
        {
            while (copy.Count < count)
            {
                int at = copy.FindIndex(run => run.PageCount > 1);
                if (at < 0)
                {
                    return null;
                }

                PfnRange run = copy[at];
                copy[at] = new PfnRange(run.First, 1);
                copy.Insert(at + 1, new PfnRange(run.First + 1, run.PageCount - 1));
            }
        }

        return [.. taken.Select(copy => copy.ToArray())];
    }
}
