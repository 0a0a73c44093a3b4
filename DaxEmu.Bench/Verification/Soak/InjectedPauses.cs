using DaxEmu.Core;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// Pauses a thread once before one of an operation's first atomic steps, or just after it has mapped a page. A window of a few
/// instructions, in which a processor may not be interrupted for hours, then stays open while other threads do whole operations. The steps
/// are the production code's.
/// </summary>
/// <remarks>Only where the hooks are compiled in (<see cref="InterleavingSwitch"/>); else threads run as they are.</remarks>
internal sealed unsafe class InjectedPauses : IInterleaver
{
    // One more choice than there are locked steps in a fault.
    private const int MostSteps = 48;

    private static readonly TimeSpan MostAsleep = TimeSpan.FromMilliseconds(50);

    private int left;
    private bool isAfterMapping;

    /// <summary>An operation begins that pauses once, if it has so many steps; to be disposed by the same thread.</summary>
    public Scope Begin(ref StepRandom random)
    {
        left = 1 + random.Next(1 + random.Next(MostSteps));
        isAfterMapping = random.OneIn(2);
        Atomic.Current = this;
        return new Scope(this);
    }

    public ulong Load(ulong* location, Site site)
    {
        using Scope step = Step();
        return Atomic.Load(ref *location, site);
    }

    public void Store(ulong* location, ulong value, Site site)
    {
        using Scope step = Step();
        Atomic.Store(ref *location, value, site);
        PauseAfter(site);
    }

    public ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site)
    {
        using Scope step = Step();
        ulong before = Atomic.CompareExchange(ref *location, value, comparand, site);
        PauseAfter(site);
        return before;
    }

    public ulong Exchange(ulong* location, ulong value, Site site)
    {
        using Scope step = Step();
        return Atomic.Exchange(ref *location, value, site);
    }

    public ulong Add(ulong* location, ulong addend, Site site)
    {
        using Scope step = Step();
        return Atomic.Add(ref *location, (long)addend, site);
    }

    public ulong Or(ulong* location, ulong bits, Site site)
    {
        using Scope step = Step();
        return Atomic.Or(ref *location, bits, site);
    }

    public ulong And(ulong* location, ulong bits, Site site)
    {
        using Scope step = Step();
        return Atomic.And(ref *location, bits, site);
    }

    public void ProcessWideBarrier(Site site)
    {
        using Scope step = Step();
        Atomic.ProcessWideBarrier(site);
    }

    public void Wait(ulong* location, ulong expected, Site site)
    {
        using Scope step = Step();

        // Ends early, so that a thread that waits for a time looks at its clock.
        Atomic.WaitFor(ref *location, expected, MostAsleep, site);
    }

    public void Wake(ulong* location, Site site)
    {
        using Scope step = Step();
        Atomic.Wake(ref *location, site);
    }

    public void SpinWhile(ulong* location, ulong unwanted, Site site)
    {
        using Scope step = Step();
        Atomic.SpinWhile(ref *location, unwanted, site);
    }

    public void Note(in InterleavingNote note)
    {
    }

    // The step itself is real, as on a thread that no scheduler owns.
    private Scope Step()
    {
        Atomic.Current = null;
        if (!isAfterMapping && --left == 0)
        {
            Thread.Sleep(1);
        }

        return new Scope(this, isStep: true);
    }

    // From here on others can reach the page through the translation.
    private void PauseAfter(Site site)
    {
        if (isAfterMapping && site is Site.WriteTranslation)
        {
            isAfterMapping = false;
            left = 0;
            Thread.Sleep(1);
        }
    }

    /// <summary>A step, or the time in which a thread pauses.</summary>
    internal readonly ref struct Scope(InjectedPauses owner, bool isStep = false)
    {
        public void Dispose() => Atomic.Current = isStep ? owner : null;
    }
}
