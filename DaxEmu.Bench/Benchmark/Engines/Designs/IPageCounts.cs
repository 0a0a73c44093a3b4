namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>Whether pages count the translations that lead to them: a value that the compiler knows, so that not counting costs nothing.</summary>
internal interface IPageCounts
{
    /// <summary>Whether they do.</summary>
    static abstract bool AreKept { get; }
}

/// <summary>No page counts its translations.</summary>
internal readonly struct NoCounts : IPageCounts
{
    public static bool AreKept => false;
}

/// <summary>Each page, or 2 MiB, has one reference count (Linux 6.15): raised for a translation, dropped when it goes.</summary>
internal readonly struct ReferenceCounts : IPageCounts
{
    public static bool AreKept => true;
}
