using System.IO.Compression;
using System.Text;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Tracing;

/// <summary>The kernel's trace text is read, and what is not such text is refused with its line.</summary>
public sealed class FtraceReaderTests
{
    private const string Start = "    rdb-133     [000] .....     5.313219: ";
    private const string PteFields = "dev 259:0 ino 0x100c private USER address 0x7fc4aa8dd000 pgoff 0x2dd ";

    public static string RocksDbPath => Path.Combine(AppContext.BaseDirectory, "Golden", "Data", "rocksdb-start.trace.gz");

    public static IEnumerable<string> RocksDbLines()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(RocksDbPath), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }

    [Test]
    public void ARealTraceIsReadWithEachOfItsFaults()
    {
        using var reader = FtraceReader.Open(RocksDbPath);
        var pairs = new FtraceFaults(reader);
        RecordedFault[] faults = [.. pairs.ReadAll()];
        string[] done = [.. RocksDbLines().Where(l => l.Contains("_done:", StringComparison.Ordinal))];
        string[] huge = [.. done.Where(l => l.Contains("dax_pmd", StringComparison.Ordinal))];
        int served = huge.Count(l => l.EndsWith("NOPAGE", StringComparison.Ordinal));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(faults, Has.Length.EqualTo(6000).And.Length.EqualTo(done.Length));
            Assert.That(
                faults.Count(f => f is { Order: PageOrder.Pmd, Result: FaultResult.Nopage }), Is.EqualTo(served).And.GreaterThan(0));
            Assert.That(faults.Count(f => f.Order == PageOrder.Pmd), Is.EqualTo(huge.Length));
            Assert.That(faults.Where(f => f.End < f.Start), Is.Empty);
            Assert.That(faults.Select(f => f.Device), Is.All.EqualTo(new DeviceNumber(259, 0)));
            Assert.That(pairs.MissingStartCount + pairs.MissingEndCount + reader.UnknownEventCount + reader.LostEventCount, Is.Zero);
        }
    }

    [Test]
    public void APlainFileReadsLikeTheGzippedOne()
    {
        using var folder = new ScratchDirectory();
        File.WriteAllLines(folder["trace"], RocksDbLines());
        using var plain = FtraceReader.Open(folder["trace"]);
        using var gzipped = FtraceReader.Open(RocksDbPath);
        Assert.That(plain.ReadAll(), Is.EqualTo(gzipped.ReadAll()));
    }

    [Test]
    public void FieldsOfAFaultAreRead()
    {
        const string done = "dax_pte_fault_done: dev 259:3 ino 0x100c shared WRITE|0x800 address 0x7fc4aa8dd000 pgoff 0x2dd MAJOR|NOPAGE";
        FtraceRecord record = Read(Start + done).Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(record.Task, Is.EqualTo(new FtraceTask("rdb", 133)));
            Assert.That(record.Cpu, Is.Zero);
            Assert.That(record.Time, Is.EqualTo(TimeSpan.FromMicroseconds(5_313_219)));
            Assert.That(record.Device, Is.EqualTo(new DeviceNumber(259, 3)));
            Assert.That(record.Event.Kind, Is.EqualTo(DaxEventKind.PteFaultDone));
            Assert.That(record.Event.Ino, Is.EqualTo(0x100c));
            Assert.That(record.Event.Index, Is.EqualTo(new PageIndex(0x2dd)));
            Assert.That(record.Event.Fault.Shared, Is.True);
            Assert.That(record.Event.Fault.Flags, Is.EqualTo(FaultFlags.Write | (FaultFlags)0x800));
            Assert.That(record.Event.Fault.Address, Is.EqualTo(0x7fc4aa8dd000));
            Assert.That(record.Event.Result, Is.EqualTo(FaultResult.Major | FaultResult.Nopage));
        }
    }

    [TestCase("my thread-7 [012] 1.000002: ", "my thread", 7)]
    [TestCase("kworker/0:1-dio-9 ( 9) [012] d..1. 1.000002: ", "kworker/0:1-dio", 9)]
    [TestCase("<...>-2147483647 [012] 1.000002000: ", "<...>", int.MaxValue)]
    [TestCase("a [b]-8 [012] ..... 1.000002: ", "a [b]", 8)]
    public void TheThreadIsReadWhateverItsName(string start, string comm, int pid)
    {
        FtraceRecord record = Read(start + "dax_pte_fault: " + PteFields).Single();
        Assert.That(record.Task, Is.EqualTo(new FtraceTask(comm, pid)));
        Assert.That(record.Cpu, Is.EqualTo(12));
        Assert.That(record.Time, Is.EqualTo(TimeSpan.FromMicroseconds(1_000_002)));
    }

    [Test]
    public void NotesAreSkippedOtherEventsCountedAndLossesAddedUp()
    {
        string text = string.Join(
            '\n',
            "# tracer: nop",
            "cpus=2",
            "",
            Start + "sched_switch: prev=a next=b",
            "CPU:1 [LOST 17 EVENTS]",
            "CPU:0 [LOST 3 EVENTS]",
            Start + "dax_pte_fault: " + PteFields);
        using var reader = new FtraceReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text");
        Assert.That(reader.ReadAll().Count(), Is.EqualTo(1));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(reader.UnknownEventCount, Is.EqualTo(1));
            Assert.That(reader.LostEventCount, Is.EqualTo(20));
            Assert.That(reader.LineNumber, Is.EqualTo(7));
        }
    }

    [TestCase("no trace at all", "no processor")]
    [TestCase("rdb [000] 1.000000: x: ", "thread is not NAME-ID")]
    [TestCase("rdb-1 [000] 1.000000 x: ", "no time")]
    [TestCase("rdb-1 [000] 1.01: dax_pte_fault: ", "2 digits")]
    [TestCase(Start + "dax_pte_fault: dev 259 ino 0x1", "no device")]
    [TestCase(Start + "dax_pte_fault: dev 259:0 ino zz shared", "'ino' has no number but 'zz'")]
    [TestCase(Start + "dax_pte_fault: dev 259:0 ino 0x1 common USER", "'shared' or 'private'")]
    [TestCase(Start + "dax_pte_fault: dev 259:0 ino 0x1 shared NEW_FLAG address 0x1", "unknown fault flags 'NEW_FLAG'")]
    [TestCase(Start + "dax_pte_fault_done: " + PteFields + "WELL", "unknown result 'WELL'")]
    [TestCase(Start + "dax_pte_fault: dev 259:0 ino 0x1 shared USER address 0x1", "'pgoff' was expected")]
    [TestCase(Start + "dax_writeback_range: dev 259:0 ino 0x1 pgoff 0x1", "no range of pages")]
    public void AMalformedLineIsRefusedWithItsNumber(string line, string problem) => Assert.That(
        () => Read("# comment\n" + line + "\n"),
        Throws.TypeOf<FormatException>().With.Message.StartsWith("text, line 2: ").And.Message.Contains(problem));

    [Test]
    public void AFileWithoutLinesIsRefused()
    {
        using var reader = new FtraceReader(new MemoryStream(new byte[1 << 19]), "zeros");
        Assert.That(() => reader.TryRead(out _), Throws.TypeOf<FormatException>().With.Message.Contains("zeros, line 1"));
    }

    [Test]
    public void LinesMayEndAnywhereInTheBuffer()
    {
        string text = string.Concat(Enumerable.Repeat(Start + "dax_pte_fault: " + PteFields + "\r\n", 50));
        using var reader = new FtraceReader(new DrippingStream(Encoding.UTF8.GetBytes(text), 7), "text");
        Assert.That(reader.ReadAll().Select(r => r.Event.Index.Value), Is.EqualTo(Enumerable.Repeat(0x2ddL, 50)));
    }

    [Test]
    public void FaultsOfThreadsThatRunTogetherArePairedAndHalvesCounted()
    {
        string[] lines =
        [
            "a-1 [000] 1.000001: dax_pte_fault_done: " + PteFields + "NOPAGE", // began before the trace
            "a-1 [000] 1.000002: dax_pte_fault: " + PteFields,
            "b-2 [001] 1.000003: dax_pte_fault: " + PteFields,
            "a-1 [000] 1.000005: dax_pte_fault_done: " + PteFields + "NOPAGE",
            "b-2 [001] 1.000009: dax_pte_fault_done: " + PteFields + "SIGBUS",
            "a-1 [000] 1.000010: dax_pte_fault: " + PteFields, // its end was lost
            "a-1 [000] 1.000011: dax_pte_fault: " + PteFields, // ends behind the trace
        ];
        using var reader = new FtraceReader(new MemoryStream(Encoding.UTF8.GetBytes(string.Join('\n', lines))), "text");
        var pairs = new FtraceFaults(reader);
        RecordedFault[] faults = [.. pairs.ReadAll()];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(faults.Select(f => (f.Task.Comm, (f.End - f.Start).Microseconds, f.Result)), Is.EqualTo(new[]
            {
                ("a", 3, FaultResult.Nopage), ("b", 6, FaultResult.Sigbus),
            }));
            Assert.That(pairs.MissingStartCount, Is.EqualTo(1));
            Assert.That(pairs.MissingEndCount, Is.EqualTo(2));
        }
    }

    private static List<FtraceRecord> Read(string text)
    {
        using var reader = new FtraceReader(new MemoryStream(Encoding.UTF8.GetBytes(text)), "text");
        return [.. reader.ReadAll()];
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class DrippingStream(byte[] bytes, int atOnce) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, atOnce));
    }
}
