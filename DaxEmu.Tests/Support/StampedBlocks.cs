using DaxEmu.Core;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Tests.Support;

/// <summary>A device of one number a page, instead of its bytes: enough to see who zeroed or overwrote what.</summary>
internal sealed class StampedBlocks(long pageCount) : IBlockZeroer
{
    private readonly long[] stamps = CreateFilled(pageCount);

    /// <summary>What a page holds that was never zeroed.</summary>
    public const long Garbage = -1;

    /// <summary>Whether the next zeroing fails.</summary>
    public bool Fails { get; set; }

    /// <summary>Runs inside each zeroing, before a page is touched.</summary>
    public Action<PfnRange>? Zeroing { get; set; }

    public long this[Pfn pfn]
    {
        get => Volatile.Read(ref stamps[pfn.Value]);
        set => Volatile.Write(ref stamps[pfn.Value], value);
    }

    public bool TryZero(PfnRange blocks)
    {
        if (Fails)
        {
            return false;
        }

        Zeroing?.Invoke(blocks);
        stamps.AsSpan((int)blocks.First.Value, (int)blocks.PageCount).Clear();
        return true;
    }

    private static long[] CreateFilled(long pageCount)
    {
        long[] result = new long[pageCount];
        Array.Fill(result, Garbage);
        return result;
    }
}
