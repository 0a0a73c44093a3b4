using DaxEmu.Core.Atomics;

namespace DaxEmu.Tests.Support;

/// <summary>
/// Lets another thread's work happen before one given atomic step of a piece of code: the smallest scheduler there is, for code that
/// never waits.
/// </summary>
internal sealed unsafe class Interruption : IInterleaver
{
    private readonly int interruptedStep;
    private readonly Action other;
    private int step;

    private Interruption(int interruptedStep, Action other)
    {
        this.interruptedStep = interruptedStep;
        this.other = other;
    }

    /// <summary>
    /// Runs <paramref name="code"/>, and all of <paramref name="other"/> before its step <paramref name="interruptedStep"/> (from 0).
    /// </summary>
    /// <returns>Whether the code has so many steps.</returns>
    public static bool Run(Action code, int interruptedStep, Action other)
    {
        Interruption interruption = new(interruptedStep, other);
        Atomic.Current = interruption;
        try
        {
            code();
        }
        finally
        {
            Atomic.Current = null;
        }

        return interruption.step > interruptedStep;
    }

    public ulong Load(ulong* location, Site site)
    {
        Step();
        return Volatile.Read(ref *location);
    }

    public void Store(ulong* location, ulong value, Site site)
    {
        Step();
        Volatile.Write(ref *location, value);
    }

    public ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site)
    {
        Step();
        return Interlocked.CompareExchange(ref *location, value, comparand);
    }

    public ulong Exchange(ulong* location, ulong value, Site site)
    {
        Step();
        return Interlocked.Exchange(ref *location, value);
    }

    public ulong Add(ulong* location, ulong addend, Site site)
    {
        Step();
        return Interlocked.Add(ref *location, addend);
    }

    public ulong Or(ulong* location, ulong bits, Site site)
    {
        Step();
        return Interlocked.Or(ref *location, bits);
    }

    public ulong And(ulong* location, ulong bits, Site site)
    {
        Step();
        return Interlocked.And(ref *location, bits);
    }

    public void ProcessWideBarrier(Site site) => Step();

    public void Wait(ulong* location, ulong expected, Site site) => throw new NotSupportedException("This code was not to wait.");

    public void Wake(ulong* location, Site site) => Step();

    public void SpinWhile(ulong* location, ulong unwanted, Site site) => throw new NotSupportedException("This code was not to wait.");

    public void Note(in InterleavingNote note)
    {
        // Nobody reads a trace here.
    }

    private void Step()
    {
        if (step++ == interruptedStep)
        {
            Atomic.Current = null;
            other();
            Atomic.Current = this;
        }
    }
}
