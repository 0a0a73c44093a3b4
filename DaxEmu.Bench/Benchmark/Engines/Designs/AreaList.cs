namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>The areas of a file. What takes translations away reads the list after it has locked the entry.</summary>
/// <remarks>
/// An area is in the list before its first fault, and a fault stores its translation under the entry's lock: so a thread that holds the lock later
/// finds in the list every area that shows the entry.
/// </remarks>
internal sealed class AreaList : IDisposable
{
    private readonly Lock gate = new();
    private volatile DesignArea[] all = [];

    /// <summary>The areas of this moment.</summary>
    public DesignArea[] All => all;

    /// <summary>Adds an area of so many words.</summary>
    public DesignArea Add(long wordCount)
    {
        var area = new DesignArea(wordCount);
        lock (gate)
        {
            all = [.. all, area];
        }

        return area;
    }

    /// <summary>Removes an area, whose words are 0, and frees it.</summary>
    public void Remove(DesignArea area)
    {
        lock (gate)
        {
            all = [.. all.Where(a => a != area)];
        }

        area.Dispose();
    }

    public void Dispose()
    {
        foreach (DesignArea area in all)
        {
            area.Dispose();
        }

        all = [];
    }
}
