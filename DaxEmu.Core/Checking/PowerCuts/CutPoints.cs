using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Where the power has to be cut so that every moment is covered.</summary>
/// <remarks>
/// Before each fence, before each step, and at the end. Between two fences stores and flushes only add to what a cut may leave: nothing
/// becomes certain but by a fence. So the states of every moment since the last fence are among those just before the next one. What must
/// hold there is no weaker: steps acknowledged in between ask for more, and a step that begins permits more, which is why there is a cut
/// before each.
/// </remarks>
internal static class CutPoints
{
    /// <summary>The cuts of a log, in order.</summary>
    public static List<CutPoint> Of(StoreLog log)
    {
        List<CutPoint> cuts = [];
        int begun = 0;
        int acknowledged = 0;

        // Without a store or an acknowledgement since the last cut the states are among that one's, and no more must hold.
        bool isNew = true;
        IReadOnlyList<RecordedEvent> events = log.Events;
        for (int i = 0; i <= events.Count; i++)
        {
            RecordedEventKind? kind = i < events.Count ? events[i].Kind : null;
            if (isNew && kind is null or RecordedEventKind.Fence or RecordedEventKind.Begin)
            {
                isNew = false;
                cuts.Add(new CutPoint(i, begun, acknowledged));
            }

            begun += kind == RecordedEventKind.Begin ? 1 : 0;
            acknowledged += kind == RecordedEventKind.Acknowledge ? 1 : 0;
            isNew |= kind is RecordedEventKind.Store or RecordedEventKind.RawStore or RecordedEventKind.NonTemporal or RecordedEventKind.Acknowledge;
        }

        return cuts;
    }
}
