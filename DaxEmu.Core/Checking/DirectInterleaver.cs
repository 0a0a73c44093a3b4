using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>
/// Carries steps out at once, for what surrounds a schedule: making a run, its final check, its end. A wait that no thread could end
/// throws instead.
/// </summary>
internal sealed unsafe class DirectInterleaver(int threadCount, int firstSlot) : IInterleaver, ILabelledSteps
{
    private StepLabel announced;

    /// <inheritdoc/>
    public int Index => 0;

    /// <inheritdoc/>
    public int ThreadCount => threadCount;

    /// <inheritdoc/>
    public int FirstSlot => firstSlot;

    /// <inheritdoc/>
    public void Announce(StepLabel label) => announced = label;

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
            throw new WouldWaitException(announced.Text is { } label ? $"in '{label}'" : $"at {site}");
        }
    }

    /// <inheritdoc/>
    public void Note(in InterleavingNote note)
    {
    }
}
