using DaxEmu.Core.Units;

namespace DaxEmu.Core.Tracing;

/// <summary>Passes each event to several sinks, in the order in which they are given.</summary>
public sealed class CompositeTraceSink : IDaxTraceSink
{
    private readonly IDaxTraceSink[] sinks;

    /// <summary>A sink that passes on to <paramref name="sinks"/>.</summary>
    /// <exception cref="ArgumentException">One of them is null.</exception>
    public CompositeTraceSink(params IEnumerable<IDaxTraceSink> sinks)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        this.sinks = [.. sinks];
        if (Array.IndexOf(this.sinks, null) is >= 0 and var place)
        {
            throw new ArgumentException($"sink {place} is null; leave it out.", nameof(sinks));
        }
    }

    /// <inheritdoc/>
    public void PmdFault(in FaultEvent fault)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.PmdFault(fault);
        }
    }

    /// <inheritdoc/>
    public void PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.PmdFaultDone(fault, result, reason);
        }
    }

    /// <inheritdoc/>
    public void PteFault(in FaultEvent fault)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.PteFault(fault);
        }
    }

    /// <inheritdoc/>
    public void PteFaultDone(in FaultEvent fault, FaultResult result)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.PteFaultDone(fault, result);
        }
    }

    /// <inheritdoc/>
    public void LoadHole(in FaultEvent fault, FaultResult result)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.LoadHole(fault, result);
        }
    }

    /// <inheritdoc/>
    public void PmdLoadHole(in FaultEvent fault, ulong radixEntry)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.PmdLoadHole(fault, radixEntry);
        }
    }

    /// <inheritdoc/>
    public void PmdLoadHoleFallback(in FaultEvent fault)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.PmdLoadHoleFallback(fault);
        }
    }

    /// <inheritdoc/>
    public void InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.InsertPfnMkwrite(fault, outcome, result);
        }
    }

    /// <inheritdoc/>
    public void WritebackRange(long ino, PageIndex first, PageIndex last)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.WritebackRange(ino, first, last);
        }
    }

    /// <inheritdoc/>
    public void WritebackRangeDone(long ino, PageIndex next, PageIndex last)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.WritebackRangeDone(ino, next, last);
        }
    }

    /// <inheritdoc/>
    public void WritebackOne(long ino, PageIndex index, long pageCount)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.WritebackOne(ino, index, pageCount);
        }
    }

    /// <inheritdoc/>
    public void Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order)
    {
        foreach (IDaxTraceSink sink in sinks)
        {
            sink.Entry(ino, kind, index, order);
        }
    }
}
