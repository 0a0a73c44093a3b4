using System.Globalization;
using System.Numerics;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Says in words what a power cut has taken from a line.</summary>
internal static class LostText
{
    private const int MostNamed = 4;

    public static string Of(StoreLog log, LostStores lost)
    {
        IEnumerable<string> named = lost.Events.Take(MostNamed).Select(e => StoreOf(log, e));
        string more = lost.Events.Count > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {lost.Events.Count - MostNamed} more") : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"line at 0x{lost.Offset:x}: {lost.Events.Count} of {lost.Undecided} undecided {(lost.Undecided == 1 ? "store" : "stores")} lost ({string.Join(", ", named)}{more}): {ReasonOf(lost.Reason)}");
    }

    private static string ReasonOf(LossReason reason) => reason switch
    {
        LossReason.NotFlushed => "stored, never flushed",
        LossReason.NotFenced => "flushed, no fence since",
        LossReason.NotDrained => "stored around the caches, no fence since",
        _ => "its version has the same bytes as one with all stores",
    };

    private static string StoreOf(StoreLog log, int number)
    {
        RecordedEvent stored = log.Events[number];
        ReadOnlySpan<StoredWord> words = log.WordsOf(stored);
        int bytes = 0;
        foreach (StoredWord word in words)
        {
            bytes += BitOperations.PopCount(word.Mask) / 8;
        }

        long first = (words[0].Word * sizeof(ulong)) + (BitOperations.TrailingZeroCount(words[0].Mask) / 8);
        int step = 0;
        for (int i = 0; i < number; i++)
        {
            step += log.Events[i].Kind == RecordedEventKind.Begin ? 1 : 0;
        }

        string how = stored.Kind == RecordedEventKind.RawStore ? " through a span" : string.Empty;
        string when = step > 0 ? $" in step {step}" : string.Empty;
        return string.Create(CultureInfo.InvariantCulture, $"{bytes} {(bytes == 1 ? "byte" : "bytes")} at 0x{first:x}{how}{when}");
    }
}
