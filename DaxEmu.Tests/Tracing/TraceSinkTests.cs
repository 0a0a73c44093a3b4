using System.Diagnostics.Metrics;
using System.Diagnostics.Tracing;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using NUnit.Framework;

namespace DaxEmu.Tests.Tracing;

/// <summary>What the sinks do with the events of a mapping.</summary>
[NonParallelizable]
public sealed class TraceSinkTests
{
    [Test]
    public void TheRecorderKeepsEachEventAsItCame()
    {
        var recorder = new RecordingEventSink();
        TraceSamples.SendAll(recorder);
        Assert.That(recorder.Snapshot(), Is.EqualTo(TraceSamples.Events));
        Assert.That(recorder.Take(), Is.EqualTo(TraceSamples.Events));
        Assert.That(recorder.Count, Is.Zero);
    }

    [Test]
    public void TheCompositePassesEachEventToAllInOrder()
    {
        var first = new RecordingEventSink();
        var second = new RecordingEventSink();
        TraceSamples.SendAll(new CompositeEventSink(first, second));
        Assert.That(first.Snapshot(), Is.EqualTo(TraceSamples.Events));
        Assert.That(second.Snapshot(), Is.EqualTo(TraceSamples.Events));
    }

    [Test]
    public void ACompositeOfNothingIsRefused() => Assert.That(
        () => new CompositeEventSink(new RecordingEventSink(), null!),
        Throws.ArgumentException.With.Message.Contains("sink 1"));

    [Test]
    public void TheMeterCountsByOrderResultReasonAndMode()
    {
        using var meter = new DaxMeter();
        using var counts = new CounterListener();
        IDaxEventSink sink = meter;
        sink.Receive(DaxEvent.PmdFaultDone(TraceSamples.PmdFault, FaultResult.Fallback, FallbackReason.EntryConflict));
        sink.Receive(DaxEvent.PmdFaultDone(TraceSamples.PmdFault, FaultResult.Nopage));
        sink.Receive(DaxEvent.PteFaultDone(TraceSamples.PteFault, FaultResult.Major | FaultResult.Nopage));
        sink.Receive(DaxEvent.PteFaultDone(TraceSamples.PteFault, FaultResult.Major | FaultResult.Nopage));
        sink.Receive(DaxEvent.EntryWait(1, new PageIndex(0), PageOrder.Pte));
        sink.Receive(DaxEvent.EntryWake(1, new PageIndex(0), PageOrder.Pte, wakesAll: false));
        sink.Receive(DaxEvent.EntryWake(1, new PageIndex(0), PageOrder.Pte, wakesAll: true));
        Assert.That(counts.Values, Is.EquivalentTo(new Dictionary<string, long>
        {
            ["dax.faults order=pmd result=FALLBACK"] = 1,
            ["dax.faults order=pmd result=NOPAGE"] = 1,
            ["dax.faults order=pte result=MAJOR|NOPAGE"] = 2,
            ["dax.fallbacks reason=EntryConflict"] = 1,
            ["dax.waits"] = 1,
            ["dax.wakes mode=next"] = 1,
            ["dax.wakes mode=all"] = 1,
        }));
    }

    [Test]
    public void EveryReasonOfAFallbackHasItsCounter()
    {
        using var meter = new DaxMeter();
        using var counts = new CounterListener();
        foreach (FallbackReason reason in Enum.GetValues<FallbackReason>())
        {
            meter.Receive(DaxEvent.PmdFaultDone(TraceSamples.PmdFault, FaultResult.Fallback, reason));
            Assert.That(counts.Values, Does.ContainKey($"dax.fallbacks reason={reason}"));
        }
    }

    [Test]
    public void AMeterWithoutListenersAllocatesNothing()
    {
        using var meter = new DaxMeter();
        Assert.That(Allocations.Of(() => TraceSamples.SendAll(meter)), Is.Zero);
    }

    [Test]
    public void AnEventSourceWithoutListenersAllocatesNothing()
    {
        Assert.That(FsDaxEventSource.Log.IsEnabled(), Is.False, "a listener is there: this test would prove nothing");
        Assert.That(Allocations.Of(() => TraceSamples.SendAll(FsDaxEventSource.Log)), Is.Zero);
    }

    [Test]
    public void TheWayOfAnEventToItsSinksAllocatesNothing()
    {
        var guarded = new GuardedSink(new CompositeEventSink(new CountingSink(), new CountingSink()));
        Assert.That(Allocations.Of(() => TraceSamples.SendAll(guarded)), Is.Zero);
        Assert.That(guarded.Failure, Is.Null);
    }

    [Test]
    public void TheEventSourceIsSoundAndHasTheKernelsNames()
    {
        Assert.That(FsDaxEventSource.Log.ConstructionException, Is.Null);
        Assert.That(FsDaxEventSource.Log.Name, Is.EqualTo("fs_dax"));
        using var listener = new EventsHeard(EventLevel.Verbose, EventKeywords.All);
        TraceSamples.SendAll(FsDaxEventSource.Log);
        Assert.That(listener.Events.Select(e => e.EventName), Is.EqualTo(TraceSamples.Events.Select(e => TraceNames.Of(e.Kind))));
    }

    [Test]
    public void TheEventSourceReportsEachFieldByTheKernelsName()
    {
        using var listener = new EventsHeard(EventLevel.Informational, FsDaxEventSource.Keywords.Faults);
        FaultEvent fault = TraceSamples.PmdFault;
        ((IDaxEventSink)FsDaxEventSource.Log).Receive(DaxEvent.PmdFaultDone(fault, FaultResult.Fallback, FallbackReason.ShortExtent));
        EventWrittenEventArgs heard = listener.Events.Single();
        Assert.That(heard.PayloadNames, Is.EqualTo(new[]
        {
            "ino", "shared", "flags", "address", "vm_start", "vm_end", "pgoff", "max_pgoff", "result", "reason",
        }));
        Assert.That(heard.Payload, Is.EqualTo(new object[]
        {
            fault.Ino, true, (int)fault.Flags, fault.Address, fault.VmStart, fault.VmEnd, fault.Index.Value, fault.MaxIndex.Value,
            (int)FaultResult.Fallback, (int)FallbackReason.ShortExtent,
        }));
    }

    [Test]
    public void AListenerForWritebackHearsOfNothingElse()
    {
        using var listener = new EventsHeard(EventLevel.Verbose, FsDaxEventSource.Keywords.Writeback);
        TraceSamples.SendAll(FsDaxEventSource.Log);
        Assert.That(listener.Events.Select(e => e.EventName), Is.EqualTo(new[]
        {
            "dax_writeback_range", "dax_writeback_range_done", "dax_writeback_one",
        }));
    }

    private sealed class CountingSink : IDaxEventSink
    {
        private int count;

        public void Receive(in DaxEvent daxEvent) => count += daxEvent.Kind >= 0 ? 1 : 0;
    }

    /// <summary>Adds up the counters of the meter, by name and tags.</summary>
    private sealed class CounterListener : IDisposable
    {
        private readonly MeterListener listener = new();

        public CounterListener()
        {
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == DaxMeter.Name)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            {
                string key = instrument.Name;
                foreach ((string name, object? tag) in tags)
                {
                    key += $" {name}={tag}";
                }

                Values[key] = Values.GetValueOrDefault(key) + value;
            });
            listener.Start();
        }

        public Dictionary<string, long> Values { get; } = [];

        public void Dispose() => listener.Dispose();
    }

    /// <summary>Keeps the events of the source.</summary>
    private sealed class EventsHeard : EventListener
    {
        public EventsHeard(EventLevel level, EventKeywords keywords) => EnableEvents(FsDaxEventSource.Log, level, keywords);

        public List<EventWrittenEventArgs> Events { get; } = [];

        public override void Dispose()
        {
            DisableEvents(FsDaxEventSource.Log);
            base.Dispose();
        }

        protected override void OnEventWritten(EventWrittenEventArgs eventData)
        {
            // Other sources of the process may be heard too, and during the base class's constructor.
            if (eventData.EventSource.Name == FsDaxEventSource.SourceName)
            {
                Events.Add(eventData);
            }
        }
    }
}
