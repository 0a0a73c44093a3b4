namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>The stores to a line that a power cut may leave or lose, in the order in which they were made.</summary>
internal sealed class LineHistory
{
    /// <summary>Which line.</summary>
    public long Line { get; set; }

    /// <summary>The stores; those that are durable, and over no other of these, are gone from here.</summary>
    public List<LineStore> Stores { get; } = [];

    /// <summary>The cached stores before an event are durable.</summary>
    public void ArriveCached(int end)
    {
        for (int i = 0; i < Stores.Count && Stores[i].Event < end; i++)
        {
            if (Stores[i].IsCached)
            {
                Stores[i] = Stores[i] with { IsCertain = true };
            }
        }
    }

    /// <summary>The store of an event is durable.</summary>
    public void Arrive(int stored)
    {
        int i = Stores.FindIndex(s => s.Event == stored);
        if (i >= 0)
        {
            Stores[i] = Stores[i] with { IsCertain = true };
        }
    }
}
