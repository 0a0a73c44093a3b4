namespace DaxEmu.Tests.Tracing;

/// <summary>Counts the bytes that code allocates on the managed heap.</summary>
internal static class Allocations
{
    private const int Attempts = 5;

    /// <summary>
    /// The fewest bytes that <paramref name="action"/> allocated on this thread in some runs, after a first one that fills caches. The
    /// fewest: a runtime that compiles a method anew in between may allocate by itself.
    /// </summary>
    public static long Of(Action action)
    {
        action();
        long fewest = long.MaxValue;
        for (int i = 0; i < Attempts; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return fewest;
    }
}
