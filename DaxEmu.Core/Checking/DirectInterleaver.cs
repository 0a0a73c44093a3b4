using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>
/// Carries steps out at once, for what surrounds a schedule: making a run, its final check, its end. A wait that nobody could end
/// throws instead.
/// </summary>
internal sealed unsafe class DirectInterleaver(int threadCount, int firstSlot) : IInterleaver
{
    /// <inheritdoc/>
    public int ThreadCount => threadCount;

    /// <inheritdoc/>
    public int FirstSlot => firstSlot;

    /// <inheritdoc/>
    public ulong Load(ulong* location, Site site) => *location;

    /// <inheritdoc/>
    public void Store(ulong* location, ulong value, Site site) => *location = value;

    /// <inheritdoc/>
    public ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site)
    {
        ulong before = *location;
        *location = before == comparand ? value : before;
        return before;
    }

    /// <inheritdoc/>
    public ulong Exchange(ulong* location, ulong value, Site site)
    {
        ulong before = *location;
        *location = value;
        return before;
    }

    /// <inheritdoc/>
    public ulong Add(ulong* location, ulong addend, Site site) => *location += addend;

    /// <inheritdoc/>
    public ulong Or(ulong* location, ulong bits, Site site)
    {
        ulong before = *location;
        *location |= bits;
        return before;
    }

    /// <inheritdoc/>
    public ulong And(ulong* location, ulong bits, Site site)
    {
        ulong before = *location;
        *location &= bits;
        return before;
    }

    /// <inheritdoc/>
    public void ProcessWideBarrier(Site site)
    {
    }

    /// <inheritdoc/>
    public void Wait(ulong* location, ulong expected, Site site) => SpinWhile(location, expected, site);

    /// <inheritdoc/>
    public void Wake(ulong* location, Site site)
    {
    }

    /// <inheritdoc/>
    public void SpinWhile(ulong* location, ulong unwanted, Site site)
    {
        if (*location == unwanted)
        {
            throw new WouldWaitException(site);
        }
    }

    /// <inheritdoc/>
    public void Note(in InterleavingNote note)
    {
    }
}

/// <summary>What runs outside the schedule met a wait that nobody is there to end: a lock that was left taken, as a rule.</summary>
internal sealed class WouldWaitException(Site site)
    : Exception($"the final check, or what makes or ends a run, would wait for ever at {site}.");
