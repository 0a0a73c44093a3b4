using System.Diagnostics;

namespace DaxEmu.Core.Iomap;

/// <summary>An extent map that takes its time over a fault, as a file system does that looks up, allocates and zeroes blocks: the entry is locked meanwhile.</summary>
internal sealed class SlowExtentMap(IExtentMap inner, TimeSpan hold, TimeSpan hugeHold, CancellationToken stop = default) : IExtentMap
{
    /// <summary>The map that answers.</summary>
    public IExtentMap Inner => inner;

    /// <inheritdoc/>
    public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent)
    {
        if ((intent & ExtentIntent.Fault) != 0)
        {
            Burn(pageCount >= DaxConstants.PagesPerPmd ? hugeHold : hold);
        }

        return inner.Find(index, pageCount, intent);
    }

    /// <inheritdoc/>
    public FreedBlocks End(in ExtentAnswer answer, PageRange completed) => inner.End(answer, completed);

    /// <inheritdoc/>
    public void Commit() => inner.Commit();

    private void Burn(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < time && !stop.IsCancellationRequested)
        {
        }
    }
}
