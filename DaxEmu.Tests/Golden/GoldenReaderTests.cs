using System.IO.Compression;
using System.Text;
using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Bench.Verification.Replay.Input;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Golden;

/// <summary>Recorded scenarios are read whole, and a file that is none is refused with its line.</summary>
public sealed class GoldenReaderTests
{
    private const string Header = """{"scenario":"x","kernel":"6.1.0","fs":"xfs","page":4096,"pmd":2097152,"format":2}""";
    private const string Touch = """{"op":"r 0 7","ret":0,"errno":0,"byte":9,"""
        + """ "entries":[[7,1,"z",null,1]],"pt0":[["T",0],["P",7,"z",0,0]],"events":["""
        + """{"name":"dax_pte_fault","vma":"shared","write":false,"pgoff":7},"""
        + """{"name":"dax_load_hole","vma":"shared","write":false,"pgoff":7,"result":["NOPAGE"]},"""
        + """{"name":"dax_pte_fault_done","vma":"shared","write":false,"pgoff":7,"result":["NOPAGE"]}]}""";

    [Test]
    public void EveryOpOfTheCorpusIsRead()
    {
        GoldenScenario[] scenarios = [.. GoldenCorpus.Names().Select(GoldenCorpus.Load)];
        string[] events = [.. scenarios.SelectMany(s => s.Ops).SelectMany(o => o.Events)];
        Dictionary<string, int> counts = scenarios.SelectMany(s => s.Ops).CountBy(o => o.Verb).ToDictionary();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(counts.Values.Sum(), Is.EqualTo(30789));
            Assert.That(counts, Has.Count.EqualTo(20));
            Assert.That(counts["w"], Is.EqualTo(9258));
            Assert.That(counts["r"], Is.EqualTo(7455));
            Assert.That(counts["mmap"], Is.EqualTo(1875));
            Assert.That(counts["protect"], Is.EqualTo(255));
            Assert.That(events.Count(e => e.StartsWith("ONE", StringComparison.Ordinal)), Is.EqualTo(4110));
            Assert.That(events.Count(e => e.StartsWith("RANGE ", StringComparison.Ordinal)), Is.EqualTo(4012));
            Assert.That(events.Count(e => e.StartsWith("RANGE_DONE", StringComparison.Ordinal)), Is.EqualTo(4012));
            Assert.That(events.Count(e => e.StartsWith("pte_fault", StringComparison.Ordinal)), Is.EqualTo(9522));
        }
    }

    [Test]
    public void ATouchIsReadWithAllThatItShowed()
    {
        GoldenOp op = Read(Header + "\n" + Touch).Ops.Single();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(op.Byte, Is.EqualTo(9));
            Assert.That(op.Entries, Is.EqualTo(new[] { new EntryRow(7, 1, 'z', -1, true) }));
            Assert.That(op.Tables[0], Is.EqualTo(new[]
            {
                new TableRow('T', 0, 0, false, false), new TableRow('P', 7, TableRow.ZeroPage, false, false),
            }));
            Assert.That(op.Tables[1], Is.Null, "a state that the op left alone");
            Assert.That(op.Events, Is.EqualTo(new[] { "pte_fault(7r) shared", "load_hole(7)", "PTE(7r)=NOPAGE" }));
        }
    }

    [TestCase("frobnicate 1 2", "unknown op 'frobnicate 1 2'")]
    [TestCase("", "unknown op ''")]
    [TestCase("punch 4096", "should read 'punch OFFSET LENGTH'")]
    [TestCase("fsync 1", "should read 'fsync")]
    [TestCase("r 2 0", "'2' in 'r 2 0' is not V")]
    [TestCase("truncate many", "'many' in 'truncate many' is not SIZE")]
    [TestCase("mmap 0 shred 4096 0", "'shred' in 'mmap 0 shred 4096 0' is not shared|private")]
    public void AnOpThatNobodyKnowsIsRefusedWithItsLine(string op, string problem) => Assert.That(
        () => Read($"{Header}\n{Touch}\n{{\"op\":\"{op}\",\"ret\":0,\"errno\":0,\"events\":[]}}"),
        Throws.TypeOf<FormatException>().With.Message.Contains("f.jsonl, line 3").And.Message.Contains(problem));

    [TestCase(Header + "\n{\"op\":", "line 2")]
    [TestCase("""{"scenario":"x"}""", "line 1")]
    [TestCase("""{"scenario":"x","kernel":"6.1.0","fs":"xfs","page":16384,"pmd":2097152,"format":2}""", "'page' is 16384")]
    [TestCase("""{"scenario":"x","kernel":"6.1.0","fs":"xfs","page":4096,"pmd":2097152,"format":3}""", "'format' is 3")]
    [TestCase("", "empty")]
    public void AFileThatIsNoScenarioIsRefusedWithItsLine(string text, string problem) =>
        Assert.That(() => Read(text), Throws.TypeOf<FormatException>().With.Message.Contains(problem));

    [Test]
    public void PlainGzippedAndZippedFilesReadAlike()
    {
        using var folder = new ScratchDirectory();
        string plain = folder["a.jsonl"];
        string gzipped = plain + ".gz";
        string zipped = folder["many.zip"];
        File.WriteAllText(plain, Header + "\n" + Touch);
        using (var stream = new GZipStream(File.Create(gzipped), CompressionMode.Compress))
        {
            stream.Write(File.ReadAllBytes(plain));
        }

        using (ZipArchive archive = ZipFile.Open(zipped, ZipArchiveMode.Create))
        {
            archive.CreateEntryFromFile(plain, "a.jsonl");
            archive.CreateEntryFromFile(plain, "b.jsonl");
        }

        foreach ((string path, int count) in new[] { (plain, 1), (gzipped, 1), (zipped, 2) })
        {
            GoldenScenario[] read = [.. InputSource.Open(path, CancellationToken.None).Select(t => GoldenReader.Read(t.Content, t.Name))];
            Assert.That(read, Has.Length.EqualTo(count), path);
            Assert.That(read.SelectMany(s => s.Ops).Select(o => o.Text), Is.All.EqualTo("r 0 7"), path);
        }
    }

    private static GoldenScenario Read(string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return GoldenReader.Read(content, "f.jsonl");
    }
}
