using System.Diagnostics;
using System.Globalization;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>A thread that waits for a lock or for a page's pins, as a wait graph saw it.</summary>
/// <param name="ManagedThreadId">The thread.</param>
/// <param name="ThreadName">Its name, if it is known.</param>
/// <param name="SinceTimestamp">Since when, in ticks of <see cref="Stopwatch"/>.</param>
/// <param name="Kind">What it waits for.</param>
/// <param name="Target">The lock or page, and the threads that hold it as far as they are known.</param>
internal sealed record BlockedThread(int ManagedThreadId, string? ThreadName, long SinceTimestamp, WaitKind Kind, WaitTargetState Target)
{
    /// <summary>The thread, what it waits for, and since when.</summary>
    /// <param name="nowTimestamp">When the graph was captured.</param>
    /// <param name="describeHolder">How to print a holder, given its managed id.</param>
    public string Describe(long nowTimestamp, Func<int, string> describeHolder)
    {
        string purpose = Kind switch
        {
            WaitKind.ToRead => $"waits to read under the {Target.Name}",
            WaitKind.ToWrite => $"waits to write under the {Target.Name}",
            WaitKind.ForReaders => $"has the {Target.Name} for writing and waits for its readers",
            _ => $"waits until {Target.Name} has no pin",
        };
        string holders = Target.HolderThreadIds.Count == 0 ? string.Empty : $": {string.Join(", ", Target.HolderThreadIds.Select(describeHolder))}";
        double ms = Stopwatch.GetElapsedTime(SinceTimestamp, nowTimestamp).TotalMilliseconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{WaitGraphWaiter.DescribeThread(ManagedThreadId, ThreadName)} {purpose}, since {ms:F0} ms; it is {Target.State}{holders}");
    }
}
