using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Tests.Dax.Entries;

/// <summary>What an entry table is to one thread: a dictionary of entries and a set of chosen ones.</summary>
internal sealed class EntryModel
{
    private readonly SortedDictionary<PageIndex, DaxEntry> entries = [];
    private readonly SortedSet<PageIndex> chosen = [];

    public long PresentPageCount => entries.Values.Sum(e => (long)e.Order.PageCount());

    public string Fault(PageIndex index, DaxEntry wanted)
    {
        if (!Covering(index, out PageIndex start))
        {
            if (wanted.IsPmd && HasEntries(index))
            {
                return nameof(GrabOutcome.Conflict);
            }

            start = index.StartOf(wanted.Order);
            entries[start] = wanted;
            return $"Locked {start} {DaxEntry.Empty(wanted.Order)}";
        }

        DaxEntry there = entries[start];
        if (wanted.IsPmd && !there.IsPmd)
        {
            return nameof(GrabOutcome.Conflict);
        }

        if (there.IsPmd && !wanted.IsPmd && !there.IsReal)
        {
            Take(start);
            entries[index] = wanted;
            return $"NeedsDowngrade {index} {DaxEntry.Empty(PageOrder.Pte)}";
        }

        entries[start] = there.IsReal ? there.WithDirty(there.IsDirty || wanted.IsDirty) : wanted;
        return $"Locked {start} {there}";
    }

    public string Find(PageIndex index, PageOrder order)
    {
        if (Covering(index, out PageIndex start) && (order == PageOrder.Pte || entries[start].IsPmd))
        {
            return $"{start} {entries[start]}";
        }

        return order == PageOrder.Pmd && HasEntries(index) ? nameof(GrabOutcome.Conflict) : nameof(GrabOutcome.Missing);
    }

    public string LockAt(PageIndex index, PageOrder order)
    {
        PageIndex start = index.StartOf(order);
        return entries.TryGetValue(start, out DaxEntry entry) && entry.Order == order ? $"{start} {entry}" : "none";
    }

    public string Remove(PageIndex index)
    {
        if (!Covering(index, out PageIndex start))
        {
            return "none";
        }

        string answer = $"{start} {entries[start]}";
        Take(start);
        return answer;
    }

    public string Clean(PageIndex index)
    {
        if (!Covering(index, out PageIndex start))
        {
            return "none";
        }

        entries[start] = entries[start].WithDirty(false);
        chosen.Remove(start);
        return start.ToString();
    }

    public string Tag(PageIndex from)
    {
        foreach ((PageIndex start, DaxEntry entry) in entries)
        {
            if (entry.IsDirty && start + entry.Order.PageCount() > from)
            {
                chosen.Add(start);
            }
        }

        PageIndex first = Covering(from, out PageIndex covering) ? covering : from;
        return chosen.Any(s => s >= first) ? chosen.First(s => s >= first).ToString() : "none";
    }

    /// <summary>As <see cref="EntryTable.Dump"/> prints it.</summary>
    public override string ToString() =>
        string.Join(' ', entries.Select(e => new EntrySnapshot(e.Key, e.Value, chosen.Contains(e.Key))));

    private void Take(PageIndex start)
    {
        entries.Remove(start);
        chosen.Remove(start);
    }

    private bool HasEntries(PageIndex index) => entries.Keys.Any(k => k.PmdStart == index.PmdStart);

    private bool Covering(PageIndex index, out PageIndex start)
    {
        start = entries.TryGetValue(index.PmdStart, out DaxEntry pmd) && pmd.IsPmd ? index.PmdStart : index;
        return entries.ContainsKey(start);
    }
}
