using System.Diagnostics;
using System.Globalization;
using System.Text;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;

namespace DaxEmu.Core.Entries;

/// <summary>A thread that sleeps for an entry, as the wait graph shows it.</summary>
/// <param name="ManagedThreadId">The thread.</param>
/// <param name="Seconds">How long it has slept.</param>
/// <param name="Mapping">The mapping's id.</param>
/// <param name="SearchedIndex">The page that its operation is about.</param>
/// <param name="SearchedOrder">The order that its operation asked for.</param>
/// <param name="EntryStart">First page of the entry that it found locked.</param>
/// <param name="EntryOrder">That entry's order.</param>
/// <param name="KeyStart">The page of the key that it sleeps on.</param>
/// <param name="EntryNow">What covers that page now; null if the mapping is not known.</param>
/// <param name="LastWake">The last wake-up for that entry's own key, if its queue remembers it.</param>
internal sealed record Sleeper(
    int ManagedThreadId,
    double Seconds,
    long Mapping,
    PageIndex SearchedIndex,
    PageOrder SearchedOrder,
    PageIndex EntryStart,
    PageOrder EntryOrder,
    PageIndex KeyStart,
    DaxEntry? EntryNow,
    LastWake? LastWake)
{
    /// <summary>Whether nobody will ever wake it: what it found locked is not locked any more.</summary>
    public bool IsLost => EntryNow is { IsLocked: false };
}

/// <summary>Who sleeps for what, and who woke what last: the picture that had to be drawn by hand in 2019.</summary>
internal sealed record WaitGraph(IReadOnlyList<Sleeper> Sleepers)
{
    /// <summary>Looks at every sleeper of a wait table.</summary>
    /// <param name="waits">The table.</param>
    /// <param name="tableOf">The entry table of a mapping, or null if it is not known.</param>
    public static WaitGraph Take(WaitTable waits, Func<long, EntryTable?> tableOf)
    {
        var nodes = new List<WaitNode>();
        waits.ForEachSleeper((in WaitNode node) => nodes.Add(node));
        long now = Stopwatch.GetTimestamp();
        return new WaitGraph([.. nodes.Select(n => new Sleeper(
            n.ManagedThreadId,
            Stopwatch.GetElapsedTime(n.SinceTimestamp, now).TotalSeconds,
            n.Mapping,
            new PageIndex(n.SearchedIndex),
            n.SearchedOrder,
            new PageIndex(n.EntryStart),
            n.EntryOrder,
            new PageIndex(n.KeyStart),
            tableOf(n.Mapping)?[new PageIndex(n.EntryStart)].Entry,
            waits.LastWakeOf(new WaitKey(n.Mapping, new PageIndex(n.EntryStart)))))]);
    }

    /// <summary>A few lines for each sleeper, with a verdict.</summary>
    public override string ToString()
    {
        if (Sleepers.Count == 0)
        {
            return "nobody sleeps";
        }

        var text = new StringBuilder();
        foreach (Sleeper sleeper in Sleepers.OrderByDescending(s => s.Seconds))
        {
            text.Append(CultureInfo.InvariantCulture, $"thread {sleeper.ManagedThreadId} has slept for {sleeper.Seconds:0.0} s on key {sleeper.KeyStart} of mapping {sleeper.Mapping}\n");
            text.Append(CultureInfo.InvariantCulture, $"  its operation: {Size(sleeper.SearchedOrder)} at page {sleeper.SearchedIndex}; it found a locked {Size(sleeper.EntryOrder)} entry at page {sleeper.EntryStart}\n");
            text.Append(CultureInfo.InvariantCulture, $"  the entry now: {(sleeper.EntryNow is { } entry ? entry : "not known")}; last wake-up for it: {(sleeper.LastWake is { } wake ? $"key {wake.Key.Start} by thread {wake.ManagedThreadId}" : "none seen")}\n");
            text.Append("  ").AppendLine(Verdict(sleeper));
        }

        return text.ToString().TrimEnd();
    }

    private static string Verdict(Sleeper sleeper) => sleeper switch
    {
        { IsLost: false } => "it waits for the owner of that lock",
        { LastWake: { } wake } when wake.Key.Start != sleeper.KeyStart =>
            $"LOST: key {wake.Key.Start} was woken, but the thread sleeps on key {sleeper.KeyStart}: nobody will wake it",
        _ => $"LOST: the entry is not locked any more, and nobody will wake key {sleeper.KeyStart}",
    };

    private static string Size(PageOrder order) => order == PageOrder.Pmd ? "2 MiB" : "4 KiB";
}
