using System.Diagnostics;
using System.Globalization;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>An operation of a thread, as its log keeps it.</summary>
/// <param name="Step">The thread's how-manieth step.</param>
/// <param name="Operation">What it was.</param>
/// <param name="Page">The first page that it was about.</param>
/// <param name="PageCount">How many pages.</param>
/// <param name="Way">The view that was used; less than 0 for none.</param>
/// <param name="Timestamp">When it began, in ticks of <see cref="Stopwatch"/>.</param>
internal readonly record struct OperationRecord(long Step, SoakOperation Operation, long Page, long PageCount, int Way, long Timestamp)
{
    /// <summary>Whether it may have had an entry of the page locked.</summary>
    public bool Covers(long page) => Operation is SoakOperation.Sync || (page >= Page && page < Page + PageCount);

    /// <summary>As <c>step 17 of 12:00:01.123456: Store page 4 by view 2</c>, the time counted from a start.</summary>
    public string Describe(long beginTimestamp)
    {
        string pages = Operation == SoakOperation.Sync ? string.Empty : PageCount == 1 ? $" page {Page}" : $" pages {Page}-{Page + PageCount - 1}";
        string way = Way < 0 ? string.Empty : $" by view {Way}";
        double seconds = Stopwatch.GetElapsedTime(beginTimestamp, Timestamp).TotalSeconds;
        return string.Create(CultureInfo.InvariantCulture, $"{Operation}{pages}{way} (step {Step}, at {seconds:0.000000} s)");
    }
}
