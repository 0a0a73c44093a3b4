using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Tracing;
using NUnit.Framework;

namespace DaxEmu.Tests.Tracing;

/// <summary>A mapping tells its sink what it does, as the kernel's tracepoints would.</summary>
public sealed class MappingTraceTests
{
    private const long Pages = 2 * DaxConstants.PagesPerPmd;

    [Test]
    public void AWriteAndItsWritebackAreToldFromStartToEnd()
    {
        var recorder = new RecordingEventSink();
        using var text = new StringWriter();
        using PmemDevice device = PmemDevice.CreateInMemory(Pages * DaxConstants.PageSize);
        var options = new AddressSpaceOptions
        {
            MaximumSizeBytes = Pages * DaxConstants.PageSize,
            Sink = new CompositeEventSink(recorder, new FtraceTextSink(text)),
        };
        using var mapping = new AddressSpace(device, new LinearExtentMap(new Pfn(0), Pages), Pages * DaxConstants.PageSize, options);
        using VmArea area = mapping.Map(new PageIndex(0), Pages, MapMode.Shared);
        var handler = new FaultHandler(mapping);
        handler.Fault(area, 515, FaultFlags.Write, PageOrder.Pmd);
        handler.Fault(area, 3, FaultFlags.Write, PageOrder.Pte);
        handler.Fault(area, 4, FaultFlags.Write, PageOrder.Pmd);
        WritebackPass.Run(mapping, PageRange.All);

        IReadOnlyList<DaxEvent> events = recorder.Take();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(events.Select(e => (e.Kind, e.Index.Value, e.Result, e.PageCount)).SkipLast(1), Is.EqualTo(new[]
            {
                (DaxEventKind.PmdFault, 515L, FaultResult.None, 0L),
                (DaxEventKind.PmdFaultDone, 515, FaultResult.Nopage, 0),
                (DaxEventKind.PteFault, 3, FaultResult.None, 0),
                (DaxEventKind.PteFaultDone, 3, FaultResult.Nopage, 0),
                (DaxEventKind.PmdFault, 4, FaultResult.None, 0),
                (DaxEventKind.EntryConflict, 0, FaultResult.None, 512),
                (DaxEventKind.PmdFaultDone, 4, FaultResult.Fallback, 0),
                (DaxEventKind.WritebackRange, 0, FaultResult.None, 0),
                (DaxEventKind.WritebackOne, 3, FaultResult.None, 1),
                (DaxEventKind.WritebackOne, 512, FaultResult.None, 512),
            }));
            Assert.That(events[^1].Kind, Is.EqualTo(DaxEventKind.WritebackRangeDone));
            Assert.That(events[6].Reason, Is.EqualTo(FallbackReason.EntryConflict));
            Assert.That(events.Select(e => e.Ino), Is.All.EqualTo(mapping.Id));
            Assert.That(events[0].Fault.VmEnd - events[0].Fault.VmStart, Is.EqualTo(Pages * DaxConstants.PageSize));
        }

        IEnumerable<string> results = text.ToString().Split('\n')
            .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Contains("dax_pmd_fault_done:"))
            .Select(fields => fields[21 - 1]);
        Assert.That(results, Is.EqualTo(new[] { "NOPAGE", "FALLBACK" }));
    }
}
