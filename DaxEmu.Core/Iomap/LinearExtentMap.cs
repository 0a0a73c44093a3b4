namespace DaxEmu.Core;

/// <summary>One extent for the whole file, there from the start: what a device-dax node or a file that was written out once has.</summary>
/// <remarks>
/// Answers in constant time and changes never, so a measurement over it is one of the faults alone. Behind the last page lies a hole
/// that a write cannot fill: it gets <see cref="IoError.NoSpace"/>.
/// </remarks>
public sealed class LinearExtentMap : IExtentMap
{
    private readonly Extent blocks;
    private readonly Extent behind;

    /// <summary>Maps page 0 of the file to <paramref name="firstPfn"/>, and so on for <paramref name="pageCount"/> pages.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or there are no pages.</exception>
    public LinearExtentMap(Pfn firstPfn, long pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstPfn.Value, nameof(firstPfn));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(pageCount, PageRange.All.PageCount);
        blocks = new Extent(new PageIndex(0), pageCount, ExtentKind.Mapped, firstPfn);
        behind = new Extent(blocks.End, PageRange.All.End - blocks.End, ExtentKind.Hole, default);
    }

    /// <inheritdoc/>
    public bool KeepsAnswers => true;

    /// <inheritdoc/>
    public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent)
    {
        if (index < blocks.End)
        {
            return ExtentAnswer.Of(blocks);
        }

        return (intent & ExtentIntent.Write) != 0 ? ExtentAnswer.Failed(IoError.NoSpace) : ExtentAnswer.Of(behind);
    }

    /// <summary>Nothing is ever dirty.</summary>
    public void Commit()
    {
    }
}
