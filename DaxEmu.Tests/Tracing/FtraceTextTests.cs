using System.Text;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using NUnit.Framework;

namespace DaxEmu.Tests.Tracing;

/// <summary>Trace text has the kernel's shape, and reads back as what was written.</summary>
public sealed class FtraceTextTests
{
    private const int FlagsColumn = 31;

    [Test]
    public void EveryKindOfEventHasASample() =>
        Assert.That(TraceSamples.Events.Select(e => e.Kind).Distinct(), Is.EquivalentTo(Enum.GetValues<DaxEventKind>()));

    [TestCase(FtraceLayout.Kernel)]
    [TestCase(FtraceLayout.TraceCmd)]
    public void WhatIsWrittenReadsBackEqual(FtraceLayout layout)
    {
        FtraceRecord[] records = [.. TraceSamples.Events.Select(TraceSamples.Record)];
        string text = string.Concat(records.Select(r => FtraceText.Format(r, layout) + "\n"));
        using var reader = new FtraceReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text");
        Assert.That(reader.ReadAll(), Is.EqualTo(records));
        Assert.That(reader.UnknownEventCount, Is.Zero);
    }

    [Test]
    public void Field21OfAPmdFaultDoneIsTheResult()
    {
        // Scripts take the outcome of 2 MiB faults out of `trace-cmd report` by this number.
        FaultEvent fault = TraceSamples.PmdFault;
        foreach (FaultResult result in new[] { FaultResult.Nopage, FaultResult.Fallback, FaultResult.Major | FaultResult.Nopage })
        {
            FtraceRecord record = TraceSamples.Record(DaxEvent.PmdFaultDone(fault, result));
            string[] fields = FtraceText.Format(record, FtraceLayout.TraceCmd).Split(' ', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(fields, Has.Length.EqualTo(21));
            Assert.That(fields[21 - 1], Is.EqualTo(TraceNames.Of(result)));
            Assert.That(fields[4 - 1], Is.EqualTo("dax_pmd_fault_done:"));
        }
    }

    [Test]
    public void ALineOfTheKernelsOwnIsWrittenLetterByLetter()
    {
        const string line = "    rocksdb:high-114     [001] .....     5.239973: dax_pmd_fault_done: dev 259:0 ino 0x100c private "
            + "ALLOW_RETRY|KILLABLE|USER|INTERRUPTIBLE address 0x7fc4aa9c7000 "
            + "vm_start 0x7fc4aa600000 vm_end 0x7fc4aa9c8000 pgoff 0x3c7 max_pgoff 0x3c8 FALLBACK";
        using var reader = new FtraceReader(new MemoryStream(Encoding.UTF8.GetBytes(line)), "line");
        Assert.That(reader.TryRead(out FtraceRecord record), Is.True);
        Assert.That(FtraceText.Format(record, FtraceLayout.Kernel), Is.EqualTo(line));
    }

    [Test]
    public void EveryLineOfARealTraceIsWrittenLetterByLetter()
    {
        // All but the interrupt flags, which the emulator does not have.
        string[] lines = [.. FtraceReaderTests.RocksDbLines()
            .Where(l => !l.StartsWith('#'))
            .Select(l => l.Remove(FlagsColumn, 5).Insert(FlagsColumn, "....."))];
        using var reader = FtraceReader.Open(FtraceReaderTests.RocksDbPath);
        Assert.That(reader.ReadAll().Select(r => FtraceText.Format(r, FtraceLayout.Kernel)), Is.EqualTo(lines));
        Assert.That(lines, Has.Length.EqualTo(12000));
    }

    [TestCase(FaultResult.None, "")]
    [TestCase(FaultResult.Major | FaultResult.Nopage, "MAJOR|NOPAGE")]
    [TestCase(FaultResult.NeedDsync | FaultResult.Major, "MAJOR|NEEDDSYNC")]
    [TestCase(FaultResult.DoneCow | (FaultResult)0x8000, "DONE_COW|0x8000")]
    public void ResultsAreNamedFromTheLowestBitUp(FaultResult result, string names) =>
        Assert.That(TraceNames.Of(result), Is.EqualTo(names));

    [TestCase(FaultFlags.None, "")]
    [TestCase(FaultFlags.UserAccess | FaultFlags.Write, "WRITE|ALLOW_RETRY|KILLABLE|USER|INTERRUPTIBLE")]
    [TestCase(FaultFlags.User | (FaultFlags)0x1800, "USER|VMA_LOCK|0x800")]
    public void FlagsAreNamedFromTheLowestBitUp(FaultFlags flags, string names) =>
        Assert.That(TraceNames.Of(flags), Is.EqualTo(names));

    [Test]
    public void NoLineIsLongerThanItsBound()
    {
        var fault = new FaultEvent(-1, false, (FaultFlags)(-1), -1, -1, -1, new PageIndex(-1), new PageIndex(-1));
        DaxEvent longest = DaxEvent.PmdFaultDone(fault, (FaultResult)(-1));
        var record = new FtraceRecord(
            new FtraceTask(new string('c', 64), int.MinValue),
            int.MinValue,
            TimeSpan.MaxValue,
            new DeviceNumber(int.MinValue, int.MinValue),
            longest);
        Assert.That(FtraceText.Format(record, FtraceLayout.Kernel), Has.Length.LessThanOrEqualTo(FtraceText.MaximumLineLength));
        Assert.That(() => FtraceText.Format(record, FtraceLayout.Kernel, new char[100]), Throws.ArgumentException);
    }

    [Test]
    public void WritingALineAllocatesNothing()
    {
        FtraceRecord[] records = [.. TraceSamples.Events.Select(TraceSamples.Record)];
        var line = new char[FtraceText.MaximumLineLength];
        Assert.That(Allocations.Of(() => FormatAll(records, line)), Is.Zero);
    }

    [Test]
    public void TheSinkWritesLinesThatReadBackAsTheEventsInOrder()
    {
        using var writer = new StringWriter();
        var sink = new FtraceTextSink(writer, FtraceLayout.TraceCmd, new DeviceNumber(259, 0));
        var thread = new Thread(() => TraceSamples.SendAll(sink)) { Name = "two words [1] and more" };
        thread.Start();
        thread.Join();
        using var reader = new FtraceReader(new MemoryStream(Encoding.UTF8.GetBytes(writer.ToString())), "text");
        FtraceRecord[] records = [.. reader.ReadAll()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(records.Select(r => r.Event), Is.EqualTo(TraceSamples.Events));
            Assert.That(records.Select(r => r.Task.Comm), Is.All.EqualTo("two_words__1]_a"));
            Assert.That(records.Select(r => r.Time), Is.Ordered);
            Assert.That(records.Select(r => r.Device), Is.All.EqualTo(new DeviceNumber(259, 0)));
        }
    }

    private static void FormatAll(FtraceRecord[] records, char[] line)
    {
        foreach (FtraceRecord record in records)
        {
            _ = FtraceText.Format(record, FtraceLayout.Kernel, line);
            _ = FtraceText.Format(record, FtraceLayout.TraceCmd, line);
        }
    }
}
