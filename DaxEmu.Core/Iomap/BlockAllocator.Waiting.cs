using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Iomap;

/// <content>Blocks that were given up and are not free yet: they are pinned, or were set aside for a copy.</content>
/// <remarks>
/// <para>
/// Who gives blocks up hands them over here. What is pinned waits, and comes back when the last pin of a page is dropped
/// (<see cref="ReleaseIdle(PfnRange)"/>), when an allocation comes up short (<see cref="Reclaim"/>), or when the free blocks are counted.
/// </para>
/// <para>
/// Pins are looked at outside every lock: each look is a step that a scheduler may own. So blocks stand in the list before they are looked
/// at a second time, and an unpin looks at the list after it: one of the two sees the other. What is pinned later does not matter, since
/// blocks that no file shows are not pinned anew, but for an attempt that finds its translation gone and unpins.
/// </para>
/// </remarks>
internal sealed partial class BlockAllocator
{
    private readonly PlainLock waitingGate = new("lock of the waiting blocks");
    private readonly List<PfnRange> waiting = [];
    private readonly HashSet<InMemoryExtentMap> withAside = [];
    private PublishedFlag anyWaits;
    private Published<object> reclaimRound = new(new object());

    /// <summary>
    /// Looks for a page of a run that is pinned, and answers null if there is none. Blocks that are given up wait for it; without it none
    /// does.
    /// </summary>
    internal Func<PfnRange, Pfn?>? BusyCheck { get; set; }

    /// <summary>Another object each time that blocks came back through <see cref="Reclaim"/>: to be read before an allocation that may come up short.</summary>
    internal object ReclaimRound
    {
        get => reclaimRound.Read(this, "round of reclaims");
        private set => reclaimRound.Write(this, "round of reclaims", value);
    }

    private bool HasWaiting
    {
        get => anyWaits.Read(this, "mark of waiting blocks");
        set => anyWaits.Write(this, "mark of waiting blocks", value);
    }

    /// <summary>The blocks that wait for their pins.</summary>
    internal IReadOnlyList<PfnRange> WaitingBlocks
    {
        get
        {
            using (waitingGate.Enter())
            {
                return [.. waiting];
            }
        }
    }

    /// <summary>Counts a file out of pages that nothing of it maps: those that are pinned when they are not any more, the others now.</summary>
    /// <returns>Pages that became free now.</returns>
    /// <exception cref="InvalidOperationException">A page is free already, or an entry holds it; the other pages are given back.</exception>
    internal long ReleaseWhenIdle(IReadOnlyList<PfnRange> blocks)
    {
        long freed = 0;
        Exception? first = null;
        var busy = new List<PfnRange>();
        foreach (PfnRange range in blocks)
        {
            freed += ReleaseParts(LookAtPins(range, busy), ref first);
        }

        if (busy.Count > 0)
        {
            Await(CollectionsMarshal.AsSpan(busy));

            // A pin that was dropped before they stood in the list has found nothing there.
            busy.ForEach(range => freed += ReleaseIdle(range));
        }

        Throw(first);
        return freed;
    }

    /// <summary>Gives waiting blocks back that are idle now.</summary>
    /// <returns>Pages that became free.</returns>
    internal long ReleaseIdle() => ReleaseIdle(Range);

    /// <summary>As the other, of the blocks that meet a run of pages: what an unpin does.</summary>
    internal long ReleaseIdle(PfnRange near)
    {
        long freed = 0;
        Exception? first = null;
        bool isOver = !HasWaiting;
        while (!isOver)
        {
            PfnRange[] candidates;
            using (waitingGate.Enter())
            {
                candidates = [.. waiting.Where(range => range.First.Value < near.End.Value && near.First.Value < range.End.Value)];
            }

            isOver = true;
            foreach (PfnRange candidate in candidates)
            {
                var busy = new List<PfnRange>();
                List<PfnRange> idle = LookAtPins(candidate, busy);
                if (idle.Count == 0)
                {
                    continue;
                }

                if (TryReplaceWaiting(candidate, busy))
                {
                    freed += ReleaseParts(idle, ref first);
                }
                else
                {
                    isOver = false; // another thread has cut it up, and looked before a pin was dropped that this one knows of
                }
            }
        }

        Throw(first);
        return freed;
    }

    /// <summary>
    /// An allocation came up short: gives back what waited for pins and is idle, and what was set aside for copies that are never made. To be
    /// called with no lock held.
    /// </summary>
    /// <param name="seenRound">What <see cref="ReclaimRound"/> said before the allocation.</param>
    /// <returns>Whether blocks came back, here or by another thread meanwhile: the allocation may go well now.</returns>
    internal bool Reclaim(object seenRound)
    {
        long freed = ReleaseIdle();
        InMemoryExtentMap[] maps;
        using (waitingGate.Enter())
        {
            maps = [.. withAside];
        }

        foreach (InMemoryExtentMap map in maps)
        {
            freed += map.ReleaseAside();
        }

        if (freed > 0)
        {
            ReclaimRound = new object();
        }

        return ReclaimRound != seenRound;
    }

    /// <summary>Whether a map has blocks aside from now on; called under its lock.</summary>
    internal void KnowAside(InMemoryExtentMap map, bool hasAside)
    {
        using (waitingGate.Enter())
        {
            _ = hasAside ? withAside.Add(map) : withAside.Remove(map);
        }
    }

    private static void Throw(Exception? exception)
    {
        if (exception is not null)
        {
            ExceptionDispatchInfo.Throw(exception);
        }
    }

    /// <summary>Releases all parts, whatever becomes of one; keeps the first exception.</summary>
    internal long ReleaseParts(IReadOnlyList<PfnRange> parts, ref Exception? first)
    {
        long freed = 0;
        foreach (PfnRange part in parts)
        {
            try
            {
                freed += Release(part);
            }
            catch (Exception problem)
            {
                first ??= problem;
                if (problem is not InvalidOperationException)
                {
                    Await(part); // an interruption, say: nothing is wrong with the blocks, so the next caller releases them
                }
            }
        }

        return freed;
    }

    private void Await(params ReadOnlySpan<PfnRange> blocks)
    {
        using (waitingGate.Enter())
        {
            waiting.AddRange(blocks);
            HasWaiting = waiting.Count > 0;
        }
    }

    private bool TryReplaceWaiting(PfnRange whole, List<PfnRange> parts)
    {
        using (waitingGate.Enter())
        {
            int at = waiting.IndexOf(whole);
            if (at < 0)
            {
                return false;
            }

            waiting.EnsureCapacity(waiting.Count + parts.Count);
            waiting.RemoveAt(at);
            waiting.AddRange(parts);
            HasWaiting = waiting.Count > 0;
            return true;
        }
    }

    /// <summary>Cuts a run up: answers the parts that are idle, and adds those that are pinned to a list.</summary>
    private List<PfnRange> LookAtPins(PfnRange blocks, List<PfnRange> busy)
    {
        var idle = new List<PfnRange>();
        Pfn at = blocks.First;
        while (at.Value < blocks.End.Value)
        {
            Pfn pinned = BusyCheck?.Invoke(Between(at, blocks.End)) ?? blocks.End;
            if (pinned.Value > at.Value)
            {
                idle.Add(Between(at, pinned));
            }

            Pfn end = pinned;
            while (end.Value < blocks.End.Value && BusyCheck?.Invoke(new PfnRange(end, 1)) is not null)
            {
                end += 1;
            }

            if (end.Value > pinned.Value)
            {
                busy.Add(Between(pinned, end));
            }

            at = end;
        }

        return idle;
    }

    private static PfnRange Between(Pfn first, Pfn end) => new(first, end.Value - first.Value);
}
