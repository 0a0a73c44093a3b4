using System.Numerics;
using System.Runtime.InteropServices;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Goes through a recording from cut to cut: keeps what is durable for certain, and of each other line the stores that are not.</summary>
/// <remarks>
/// The rules of x86-64. Of the cached stores of a line a cut leaves the first so many: at least those that a flush covered whose thread has
/// passed a fence since, at most all. Of stores around the caches whose thread has passed no fence since, each may have arrived or not. What
/// arrived lies in the line in the order of the program. Lines depend on nothing but themselves.
/// </remarks>
internal sealed class CutCursor
{
    private const int LineBytes = 64;
    private const int WordsPerLine = LineBytes / sizeof(ulong);
    private const int MostJoint = 12;

    private readonly UndecidedLines lines;
    private readonly Dictionary<long, LineHistory> open = [];
    private readonly Stack<LineHistory> unused = new();
    private readonly List<List<Arrival>> pending = [];
    private readonly List<long> order = [];
    private readonly List<ulong> unitValues = [];
    private readonly List<UnitVersion> unitVersions = [];
    private StoreLog log = new([]);
    private StateHash certain;
    private int position;

    public CutCursor(UndecidedLines lines) => this.lines = lines;

    /// <summary>Begins a recording.</summary>
    public void Load(StoreLog recording)
    {
        log = recording;
        lines.Load(recording.Start);
        certain = default;
        position = 0;
        foreach (LineHistory line in open.Values)
        {
            Release(line);
        }

        open.Clear();
        pending.ForEach(p => p.Clear());
    }

    /// <summary>Goes on to a cut that is not before the last one, and says what is undecided there.</summary>
    public void MoveTo(int end)
    {
        for (; position < end; position++)
        {
            RecordedEvent happened = log.Events[position];
            while (pending.Count <= happened.Thread)
            {
                pending.Add([]);
            }

            switch (happened.Kind)
            {
                case RecordedEventKind.Store or RecordedEventKind.RawStore:
                    Add(happened.Offset / LineBytes, isCached: true);
                    break;
                case RecordedEventKind.NonTemporal:
                    LineHistory line = Add(happened.Offset / LineBytes, isCached: false);
                    pending[happened.Thread].Add(new Arrival(line.Line, position, IsFlush: false));
                    break;
                case RecordedEventKind.Flush:
                    Flush(happened);
                    break;
                case RecordedEventKind.Fence:
                    Fence(pending[happened.Thread]);
                    break;
            }
        }

        order.Clear();
        order.AddRange(open.Keys);
        order.Sort();
        foreach (long line in order)
        {
            AddUnits(open[line]);
        }

        lines.BeginCut(certain);
    }

    /// <summary>Says what is lost of a unit in a version, and why that could be.</summary>
    public LostStores Describe(in UndecidedUnit unit, int version)
    {
        LineHistory line = open[unit.Line];
        UnitVersion origin = lines.VersionOf(unit, version);
        int cached = 0;
        int joint = 0;
        int undecided = 0;
        List<int> lost = [];
        for (int i = 0; i < line.Stores.Count; i++)
        {
            LineStore store = line.Stores[i];
            if (store.IsCertain || (store.Words & unit.Words) == 0)
            {
                continue;
            }

            undecided++;
            bool hasArrived = store.IsCached ? cached++ < origin.CachedCount : (origin.Arrived >> joint++ & 1) != 0;
            if (!hasArrived)
            {
                lost.Add(i);
            }
        }

        return new LostStores(unit.Line * LineBytes, undecided, [.. lost.Select(i => line.Stores[i].Event)], WhyLost(line, lost));
    }

    private LossReason WhyLost(LineHistory line, List<int> lost)
    {
        if (lost.Count == 0)
        {
            return LossReason.None;
        }

        if (!line.Stores[lost[0]].IsCached)
        {
            return LossReason.NotDrained;
        }

        int stored = line.Stores[lost[0]].Event;
        return pending.Any(p => p.Any(a => a.IsFlush && a.Line == line.Line && stored < a.Event)) ? LossReason.NotFenced : LossReason.NotFlushed;
    }

    private LineHistory Add(long number, bool isCached)
    {
        if (!open.TryGetValue(number, out LineHistory? line))
        {
            line = unused.TryPop(out LineHistory? old) ? old : new LineHistory();
            line.Line = number;
            open.Add(number, line);
        }

        int words = 0;
        foreach (StoredWord stored in log.WordsOf(log.Events[position]))
        {
            words |= 1 << (int)(stored.Word % WordsPerLine);
        }

        line.Stores.Add(new LineStore(position, (byte)words, isCached, IsCertain: false));
        return line;
    }

    private void Flush(in RecordedEvent flush)
    {
        long first = flush.Offset / LineBytes;
        long count = flush.Length / LineBytes;
        List<Arrival> arrivals = pending[flush.Thread];
        if (count > open.Count)
        {
            foreach (LineHistory line in open.Values)
            {
                if (line.Line >= first && line.Line < first + count)
                {
                    arrivals.Add(new Arrival(line.Line, position, IsFlush: true));
                }
            }

            return;
        }

        for (long number = first; number < first + count; number++)
        {
            if (open.TryGetValue(number, out LineHistory? line))
            {
                arrivals.Add(new Arrival(number, position, IsFlush: true));
            }
        }
    }

    private void Fence(List<Arrival> arrivals)
    {
        foreach (Arrival arrival in arrivals)
        {
            if (open.TryGetValue(arrival.Line, out LineHistory? line))
            {
                if (arrival.IsFlush)
                {
                    line.ArriveCached(arrival.Event);
                }
                else
                {
                    line.Arrive(arrival.Event);
                }
            }
        }

        foreach (Arrival arrival in arrivals)
        {
            if (open.TryGetValue(arrival.Line, out LineHistory? line))
            {
                Collapse(line);
            }
        }

        arrivals.Clear();
    }

    // What is durable, and over no undecided store of the same words, becomes part of the certain content.
    private void Collapse(LineHistory line)
    {
        int undecided = 0;
        int kept = 0;
        for (int i = 0; i < line.Stores.Count; i++)
        {
            LineStore store = line.Stores[i];
            if (store.IsCertain && (store.Words & undecided) == 0)
            {
                foreach (StoredWord stored in log.WordsOf(log.Events[store.Event]))
                {
                    ref ulong word = ref lines.WordAt(stored.Word);
                    certain ^= StateHash.Of(stored.Word, word);
                    word = stored.Over(word);
                    certain ^= StateHash.Of(stored.Word, word);
                }
            }
            else
            {
                undecided |= store.Words;
                line.Stores[kept++] = store;
            }
        }

        line.Stores.RemoveRange(kept, line.Stores.Count - kept);
        if (kept == 0)
        {
            open.Remove(line.Line);
            Release(line);
        }
    }

    private void Release(LineHistory line)
    {
        line.Stores.Clear();
        unused.Push(line);
    }

    // The words that cached stores may change are one unit, with the stores around the caches to them; each other word is one.
    private void AddUnits(LineHistory line)
    {
        byte cached = 0;
        byte others = 0;
        foreach (LineStore store in line.Stores)
        {
            // A durable one lies over an undecided one: what else it changes goes with that.
            bool isJoint = store.IsCached || (store.IsCertain && BitOperations.IsPow2((int)store.Words) is false);
            cached |= isJoint ? store.Words : (byte)0;
            others |= isJoint ? (byte)0 : store.Words;
        }

        if (cached != 0)
        {
            AddUnit(line, cached);
        }

        others &= (byte)~cached;
        for (uint left = others; left != 0; left &= left - 1)
        {
            AddUnit(line, (byte)(left & (~left + 1)));
        }
    }

    private void AddUnit(LineHistory line, byte words)
    {
        int cachedCount = 0;
        int jointCount = 0;
        foreach (LineStore store in line.Stores)
        {
            if (!store.IsCertain && (store.Words & words) != 0)
            {
                cachedCount += store.IsCached ? 1 : 0;
                jointCount += store.IsCached ? 0 : 1;
            }
        }

        if (jointCount > MostJoint)
        {
            throw new NotSupportedException(
                $"{jointCount} stores around the caches to the line at {line.Line * LineBytes} have no fence after them. Drain at least after every {MostJoint}.");
        }

        unitValues.Clear();
        unitVersions.Clear();
        Span<ulong> content = stackalloc ulong[WordsPerLine];
        int wordCount = BitOperations.PopCount(words);
        ulong all = (1UL << jointCount) - 1;
        int least = 0;
        for (int arrivedCached = cachedCount; arrivedCached >= 0; arrivedCached--)
        {
            for (ulong lost = 0; lost <= all; lost++)
            {
                StateHash change = Build(line, words, arrivedCached, all & ~lost, content);
                int same = VersionWith(content[..wordCount]);
                if (same < 0)
                {
                    same = unitVersions.Count;
                    unitVersions.Add(new UnitVersion(change, arrivedCached, all & ~lost));
                    unitValues.AddRange(content[..wordCount]);
                }

                least = same; // the last one, as it ends
            }
        }

        // One of a single version is content too: a durable store over an undecided one of the same bytes.
        lines.AddUnit(line.Line, words, least, CollectionsMarshal.AsSpan(unitValues), CollectionsMarshal.AsSpan(unitVersions));
    }

    private int VersionWith(ReadOnlySpan<ulong> content)
    {
        ReadOnlySpan<ulong> known = CollectionsMarshal.AsSpan(unitValues);
        for (int i = 0; i < unitVersions.Count; i++)
        {
            if (known.Slice(i * content.Length, content.Length).SequenceEqual(content))
            {
                return i;
            }
        }

        return -1;
    }

    // The words of a unit if so many cached stores and these others arrived, and the change of the hash.
    private StateHash Build(LineHistory line, byte words, int arrivedCached, ulong arrived, Span<ulong> content)
    {
        Span<ulong> whole = stackalloc ulong[WordsPerLine];
        long firstWord = line.Line * WordsPerLine;
        for (int i = 0; i < WordsPerLine; i++)
        {
            whole[i] = lines.WordAt(firstWord + i);
        }

        int joint = 0;
        foreach (LineStore store in line.Stores)
        {
            bool isOfUnit = (store.Words & words) != 0;
            if (isOfUnit && (store.IsCertain || (store.IsCached ? arrivedCached-- > 0 : (arrived >> joint++ & 1) != 0)))
            {
                foreach (StoredWord stored in log.WordsOf(log.Events[store.Event]))
                {
                    whole[(int)(stored.Word % WordsPerLine)] = stored.Over(whole[(int)(stored.Word % WordsPerLine)]);
                }
            }
        }

        StateHash change = default;
        int count = 0;
        for (uint left = words; left != 0; left &= left - 1)
        {
            int i = BitOperations.TrailingZeroCount(left);
            ulong before = lines.WordAt(firstWord + i);
            change ^= StateHash.Of(firstWord + i, before) ^ StateHash.Of(firstWord + i, whole[i]);
            content[count++] = whole[i];
        }

        return change;
    }

    private readonly record struct Arrival(long Line, int Event, bool IsFlush);
}
