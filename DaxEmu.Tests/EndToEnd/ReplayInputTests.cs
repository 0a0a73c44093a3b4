using System.Diagnostics;
using System.Text;
using System.Text.Json;
using DaxEmu.Tests.Fuzzing;
using DaxEmu.Tests.Support;
using NUnit.Framework;
using static DaxEmu.Tests.EndToEnd.Recordings;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Damaged and hostile recordings: each ends soon, with a line that names file, line and value, and with 2.</summary>
[NonParallelizable]
public sealed class ReplayInputTests
{
    private const int MostSeconds = 5;
    private const long Large = 1L << 32;

    private static readonly string[] Leaks = ["Parameter '", "Sequence contains", "was not present", "   at ", "Nullable object", "Specified argument", "LineNumber", "BytePosition", "Exception"];
    private static readonly byte[] Good = Scenario(Op("truncate 4096"), Op("truncate 8192"));
    private static readonly byte[] GoodGzip = Gzip(Good);
    private static readonly byte[] GoodZip = Zip(("a.jsonl", Good), ("b.jsonl", Good));
    private static readonly string Mapped = Op("mmap 0 shared 4096 0");

    private static IEnumerable<TestCaseData> Containers()
    {
        (string Name, byte[] Content, string[] Expected)[] cases =
        [
            ("empty", [], ["it is empty"]),
            ("white space", Bytes(" \n\t\r\n"), ["white space"]),
            ("much white space", new byte[1 << 17], ["byte 0 is 0"]),
            ("many blank lines", Bytes(new string('\n', 1 << 17)), ["65536 bytes of white space"]),
            ("UTF-16", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Header)], ["UTF-16", "UTF-8"]),
            ("UTF-16, high bytes first", [0xFE, 0xFF, .. Encoding.BigEndianUnicode.GetBytes(Header)], ["UTF-16"]),
            ("UTF-16 without a mark", Encoding.Unicode.GetBytes(Header), ["byte 1 is 0"]),
            ("a mark alone", [0xEF, 0xBB, 0xBF], ["it is empty"]),
            ("zstd", [0x28, 0xB5, 0x2F, 0xFD, 1, 2, 3], ["zstd"]),
            ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 1], ["xz"]),
            ("bzip2", Bytes("BZh91AY&SY"), ["bzip2"]),
            ("half a magic", [0x1f], ["line 1"]),
            ("gzip magic alone", [0x1f, 0x8b], ["gzip is damaged", "header"]),
            ("gzip header alone", GoodGzip[..10], ["it is cut"]),
            ("gzip cut in the middle", GoodGzip[..(GoodGzip.Length / 2)], ["it is cut"]),
            ("gzip cut before the trailer", GoodGzip[..^8], ["it is cut"]),
            ("gzip cut in the trailer", GoodGzip[..^3], ["it is cut"]),
            ("gzip without its last byte", GoodGzip[..^1], ["it is cut"]),
            ("gzip with a wrong checksum", Flip(GoodGzip, ^6), ["checksum"]),
            ("gzip with a wrong length", Flip(GoodGzip, ^2), ["checksum"]),
            ("gzip with a flipped method", Flip(GoodGzip, 2), ["header is damaged"]),
            ("gzip with something behind", [.. GoodGzip, .. "tail"u8], ["something follows"]),
            ("gzip with zeros behind", [.. GoodGzip, .. new byte[512]], ["something follows"]),
            ("gzip and half another", [.. GoodGzip, .. GoodGzip[..20]], ["it is cut"]),
            ("gzip and one byte of another", [.. GoodGzip, 0x1f], ["something follows"]),
            ("gzip of nothing", Gzip([]), ["it is empty"]),
            ("gzip in gzip", Gzip(GoodGzip), ["another archive inside"]),
            ("zip in gzip", Gzip(GoodZip), ["another archive inside"]),
            ("gzip of comments", Gzip(Bytes(string.Concat(Times((1 << 12) + 64, new string('#', 1 << 14) + "\n")))), ["64 MiB", "200"]),
            ("gzip of one line", Gzip(Bytes(new string('a', 8 << 20))), ["line 1", "131072"]),
            ("gzip of one line of JSON", Gzip(Bytes("{\"a\":\"" + new string('a', 8 << 20))), ["line 1", "4 MiB"]),
            ("zip without a file", Zip(), ["the zip is empty"]),
            ("zip of a folder", Zip(("d/", [])), ["the zip is empty"]),
            ("zip of an empty file", Zip(("a.jsonl", [])), ["a.jsonl", "it is empty"]),
            ("zip in zip", Zip(("a.zip", GoodZip)), ["a.zip", "another archive inside"]),
            ("gzip in zip", Zip(("a.jsonl.gz", GoodGzip)), ["a.jsonl.gz", "another archive inside"]),
            ("zip magic alone", GoodZip[..4], ["cut or damaged"]),
            ("zip cut in the middle", GoodZip[..(GoodZip.Length / 2)], ["cut or damaged"]),
            ("zip without its last byte", GoodZip[..^1], ["cut or damaged"]),
            ("zip with something behind", [.. GoodZip, .. "tail"u8], ["cut or damaged"]),
            ("zip with a wrong checksum", Flip(Zip(("a.jsonl", Good)), new Index(14 + Offset(Zip(("a.jsonl", Good)), "PK\x1\x2"u8) + 2)), ["a.jsonl", "checksum"]),
            ("zip with a wrong offset", Flip(GoodZip, ^5), ["damaged"]),
            ("zip of 70000 files", Zip([.. Enumerable.Range(0, 70000).Select(i => ($"{i}", Array.Empty<byte>()))]), ["65536 files"]),
            ("zip with escapes in a name", Zip(("\u001b[31mred", Bytes("x"))), [@"\x1b[31mred", "line 1"]),
        ];
        return Cases(cases);
    }

    private static IEnumerable<TestCaseData> Headers()
    {
        (string Name, byte[] Content, string[] Expected)[] cases =
        [
            ("no JSON", Bytes("{\"op\":"), ["line 1", "no JSON"]),
            ("a list", Bytes("[1,2]"), ["line 1", "[1,2]"]),
            ("no format", Bytes("""{"scenario":"x"}"""), ["line 1", "'format' is missing"]),
            ("another format", Bytes(Header.Replace("\"format\":2", "\"format\":3", StringComparison.Ordinal)), ["line 1", "'format' is 3"]),
            ("a format that is no number", Bytes(Header.Replace("\"format\":2", "\"format\":\"2\"", StringComparison.Ordinal)), ["line 1", "'format' is no number but \"2\""]),
            ("a format with a fraction", Bytes(Header.Replace("\"format\":2", "\"format\":2.5", StringComparison.Ordinal)), ["line 1", "2.5"]),
            ("a format beyond all", Bytes(Header.Replace("\"format\":2", "\"format\":1e400", StringComparison.Ordinal)), ["line 1", "1e400"]),
            ("other pages", Bytes(Header.Replace("4096", "16384", StringComparison.Ordinal)), ["line 1", "'page' is 16384"]),
            ("no kernel", Bytes(Header.Replace("kernel", "colonel", StringComparison.Ordinal)), ["line 1", "'kernel' is missing"]),
            ("no name", Bytes(Header.Replace("\"x\"", "null", StringComparison.Ordinal)), ["line 1", "'scenario' is no text but null"]),
            ("a name with escapes", Bytes(Header.Replace("\"x\"", @"""\u001b[31mx""", StringComparison.Ordinal)), ["line 1", @"\x1b[31mx"]),
            ("a name that turns the line", Bytes(Header.Replace("\"x\"", "\"a\u202eb\"", StringComparison.Ordinal)), ["line 1", @"a\u202eb"]),
            ("a long name", Bytes(Header.Replace("\"x\"", $"\"{new string('x', 257)}\"", StringComparison.Ordinal)), ["line 1", "257 characters"]),
            ("another file system", Bytes(Header.Replace("xfs", "btrfs", StringComparison.Ordinal)), ["line 1", "'fs' is 'btrfs'"]),
            ("a name that is not UTF-8", [.. Bytes(Header[..13]), 0xC3, 0x28, .. Bytes(Header[13..])], ["line 1"]),
            ("half a surrogate pair", Bytes(Header.Replace("\"x\"", "\"\\ud800\"", StringComparison.Ordinal)), ["line 1", "surrogate"]),
            ("half a surrogate pair in a name", Bytes(Header.Replace("scenario", "scenari\\ud800", StringComparison.Ordinal)), ["line 1"]),
            ("deep JSON", Bytes(new string('[', 100_000)), ["line 1", "nested"]),
            ("two headers", Scenario(Header), ["line 2", "'op' is missing"]),
        ];
        return Cases(cases);
    }

    private static IEnumerable<TestCaseData> Ops()
    {
        string range(string fields) => Op("truncate 4096", events: $$"""{"name":"dax_writeback_range",{{fields}}}""");
        (string Name, byte[] Content, string[] Expected)[] cases =
        [
            ("an unknown op", Scenario(Op("frobnicate 1 2")), ["line 2", "unknown op 'frobnicate 1 2'"]),
            ("an op with escapes", Scenario(Op(@"trun\u001b[31mcate 1")), ["line 2", @"\x1b"]),
            ("a long op", Scenario(Op("truncate " + new string('1', 300))), ["line 2", "309 characters"]),
            ("a size above all", Scenario(Op("truncate 9223372036854775807")), ["line 2", "9223372036854775807", "4294967296"]),
            ("a size above that", Scenario(Op("truncate 99999999999999999999")), ["line 2", "99999999999999999999"]),
            ("a negative size", Scenario(Op("truncate -1")), ["line 2", "'-1'"]),
            ("a length without end", Scenario(Op("pwrite 0 9223372036854775807 1")), ["line 2", "9223372036854775807"]),
            ("an offset and a length", Scenario(Op("punch 4294967296 1")), ["line 2", "punch 4294967296 1", "4294967296"]),
            ("a byte above 255", Scenario(Op("pwrite 0 1 256")), ["line 2", "'256'"]),
            ("a lead of 2 MiB", Scenario(Op("mmap 0 shared 4096 512")), ["line 2", "'512'", "511"]),
            ("a mapping of nothing", Scenario(Op("mmap 0 shared 0 0")), ["line 2", "maps 0 bytes"]),
            ("a mapping beyond all", Scenario(Op("mmap 0 shared 8192 0 1048575")), ["line 2", "page 1048575", "1048576"]),
            ("a third mapping", Scenario(Op("mmap 2 shared 4096 0")), ["line 2", "'2'"]),
            ("a page above all", Scenario(Op("r 0 1048576")), ["line 2", "'1048576'"]),
            ("protection beyond the mapping", Scenario(Op("truncate 4096"), Mapped, Op("protect 0 0 8192 r")), ["line 4", "protect 0 0 8192 r", "1 pages"]),
            ("protection of nothing", Scenario(Op("truncate 4096"), Mapped, Op("protect 0 0 0 r")), ["line 4", "protect 0 0 0 r"]),
            ("a collapse of more than the file", Scenario(Op("truncate 4096"), Op("collapse 0 8192")), ["line 3", "collapse 0 8192"]),
            ("an insert beyond the largest size", Scenario(Op($"truncate {Large}"), Op("insert 0 4096")), ["line 3", "4294971392", "4294967296"]),
            ("no result", Scenario("""{"op":"fsync","errno":0,"events":[]}"""), ["line 2", "'ret' is missing"]),
            ("a result that is a text", Scenario("""{"op":"fsync","ret":"0","errno":0,"events":[]}"""), ["line 2", "'ret' is no number but \"0\""]),
            ("an error above all", Scenario("""{"op":"fsync","ret":-1,"errno":4096,"events":[]}"""), ["line 2", "'errno' is 4096"]),
            ("a byte that is none", Scenario(Op("r 0 0", "\"byte\":256")), ["line 2", "'byte' is 256"]),
            ("a checksum that is none", Scenario(Op("pread 0 1", "\"fnv1a\":-1")), ["line 2", "'fnv1a' is -1"]),
            ("no events", Scenario("""{"op":"fsync","ret":0,"errno":0}"""), ["line 2", "'events' is missing"]),
            ("events that are none", Scenario("""{"op":"fsync","ret":0,"errno":0,"events":{}}"""), ["line 2", "'events' is no list but {}"]),
            ("an event that is a number", Scenario(Op("fsync", events: "7")), ["line 2", "7 is no object"]),
            ("an event without a name", Scenario(Op("fsync", events: "{}")), ["line 2", "'name' is missing"]),
            ("an event without a page", Scenario(Op("fsync", events: """{"name":"dax_load_hole"}""")), ["line 2", "dax_load_hole", "'pgoff' is missing"]),
            ("an event of a negative page", Scenario(Op("fsync", events: """{"name":"dax_load_hole","pgoff":-7}""")), ["line 2", "'pgoff' is -7"]),
            ("an event of another VMA", Scenario(Op("fsync", events: """{"name":"dax_pte_fault","pgoff":1,"vma":"public"}""")), ["line 2", "'vma' is 'public'"]),
            ("an event with a wrong flag", Scenario(Op("fsync", events: """{"name":"dax_pte_fault","pgoff":1,"vma":"shared","write":1}""")), ["line 2", "'write' is 1"]),
            ("writeback of a negative page", Scenario(range("\"first\":-5,\"last\":7")), ["line 2", "'first' is -5"]),
            ("writeback to a negative page", Scenario(range("\"first\":0,\"last\":-2")), ["line 2", "'last' is -2"]),
            ("writeback beyond all files", Scenario(range("\"first\":0,\"last\":9223372036854775807")), ["line 2", "'last' is 9223372036854775807"]),
            ("a long line", Scenario("{\"op\":\"" + new string('x', 5 << 20) + "\"}"), ["line 2", "4 MiB"]),
            ("a deep line", Scenario("{\"op\":\"fsync\",\"ret\":0,\"errno\":0,\"events\":" + new string('[', 9) + new string(']', 9) + "}"), ["line 2", "nested"]),
            ("many ops", Scenario([.. Times(16_385, Op("fsync"))]), ["line 16386", "16384 ops"]),
            ("too large", Scenario([.. Times(5, "{\"op\":\"fsync\",\"ret\":0,\"errno\":0,\"events\":[],\"x\":\"" + new string('x', 2 << 20) + "\"}")]), ["8 MiB"]),
        ];
        return Cases(cases);
    }

    private static IEnumerable<TestCaseData> Rows()
    {
        byte[] pt(string row, int lead = 0) => Scenario(Op("truncate 4096"), Op($"mmap 0 shared 4096 {lead}", $"\"pt0\":[{row}]"));
        byte[] entries(string rows) => Scenario(Op("truncate 4096", $"\"entries\":[{rows}]"));
        byte[] extents(string rows) => Scenario(Op("truncate 4096", $"\"extents\":[{rows}]"));
        (string Name, byte[] Content, string[] Expected)[] cases =
        [
            ("a page beyond all", pt("""["P",1099511627776,0,1,1]"""), ["line 3", "pt0", "1099511627776", "1048575"]),
            ("a device page below the device", pt("""["P",0,4503599627370480,1,1]"""), ["line 3", "pt0", "4503599627370480"]),
            ("a negative device page", pt("""["P",0,-1,1,1]"""), ["line 3", "'device page' is -1"]),
            ("a negative page", pt("""["P",-1,1,1,1]"""), ["line 3", "'page' is -1"]),
            ("a page outside the mapping", pt("""["T",0],["P",1,1,1,1]"""), ["line 3", "P1:1w*", "outside the mapping", "1 pages"]),
            ("a table outside the mapping", pt("""["T",512]"""), ["line 3", "T512", "outside the mapping"]),
            ("a table not at its 2 MiB", pt("""["T",0]""", lead: 3), ["line 3", "T0", "at page -3"]),
            ("a huge page not at its 2 MiB", pt("""["H",0,512,1,1]""", lead: 3), ["line 3", "H0:512w*", "at page -3"]),
            ("a misaligned huge page", pt("""["H",0,513,1,1]"""), ["line 3", "'device page' is 513", "512"]),
            ("a huge private copy", pt("""["H",0,"a",1,1]"""), ["line 3", "private copy"]),
            ("a writable zero page", pt("""["T",0],["P",0,"z",1,1]"""), ["line 3", "zero page"]),
            ("a page in a huge page", pt("""["H",0,512,1,1],["P",0,1,1,1]"""), ["line 3", "out of order"]),
            ("an unknown kind", pt("""["Q",0,1,1,1]"""), ["line 3", "'Q'"]),
            ("an unknown place", pt("""["P",0,"b",1,1]"""), ["line 3", "'b'"]),
            ("a short row", pt("""["P",0]"""), ["line 3", "[\"P\",0]"]),
            ("a row that is not UTF-8", [.. Scenario(Op("truncate 4096"), Mapped), .. "{\"op\":\"fsync\",\"ret\":0,\"errno\":0,\"events\":[],\"pt0\":[[\""u8, 0xB0, .. "\",0,0,0,0]]}"u8], ["line 4", "UTF-8"]),
            ("a long row", pt("""["T",0,1]"""), ["line 3", "[\"T\",0,1]"]),
            ("a row that is none", pt("7"), ["line 3", "the row 7"]),
            ("a mark above 1", pt("""["P",0,1,2,1]"""), ["line 3", "'writable' is 2"]),
            ("rows that are none", Scenario(Op("truncate 4096", "\"pt1\":7")), ["line 2", "'pt1' is no list but 7"]),
            ("an entry of 2 pages", entries("""[0,2,"m",1,1]"""), ["line 2", "'pages' is 2"]),
            ("a misaligned entry", entries("""[1,512,"m",512,1]"""), ["line 2", "'page' is 1"]),
            ("an entry beyond all", entries("""[1048576,1,"m",1,1]"""), ["line 2", "1048576"]),
            ("an entry beyond the device", entries("""[0,1,"m",1048576,1]"""), ["line 2", "'device page' is 1048576"]),
            ("a zero entry with a page", entries("""[0,1,"z",5,1]"""), ["line 2", "kind z has none"]),
            ("a mapped entry without one", entries("""[0,1,"m",null,1]"""), ["line 2", "no number but null"]),
            ("an entry of no kind", entries("""[0,1,"",null,1]"""), ["line 2", "kind of entry ''"]),
            ("entries out of order", entries("""[1,1,"z",null,0],[0,1,"z",null,0]"""), ["line 2", "out of order"]),
            ("an entry inside another", entries("""[0,512,"z",null,0],[5,1,"z",null,0]"""), ["line 2", "out of order"]),
            ("two entries of one page", entries("""[0,1,"m",9,0],[1,1,"m",9,0]"""), ["line 2", "device page 9"]),
            ("an extent of 2^24 pages", extents("""[0,0,16777216,"m"]"""), ["line 2", "'pages' is 16777216"]),
            ("an extent of nothing", extents("""[0,0,0,"m"]"""), ["line 2", "'pages' is 0"]),
            ("an extent beyond the device", extents("""[0,1048575,2,"m"]"""), ["line 2", "'pages' is 2"]),
            ("an extent that overflows", extents("""[0,9223372036854775807,9223372036854775807,"m"]"""), ["line 2", "9223372036854775807"]),
            ("an extent of another kind", extents("""[0,0,1,"x"]"""), ["line 2", "'x'"]),
            ("extents that overlap", extents("""[0,0,2,"m"],[1,8,1,"m"]"""), ["line 2", "out of order"]),
            ("extents of the same blocks", extents("""[0,5,2,"m"],[2,6,1,"m"]"""), ["line 2", "device page 6"]),
            ("many rows", extents(string.Join(',', Times(16_385, "7"))), ["line 2", "16385 elements"]),
        ];
        return Cases(cases);
    }

    private static IEnumerable<TestCaseData> Work()
    {
        string all = $"\"extents\":[[0,0,{1 << 20},\"m\"]]";
        string pmds = string.Join(',', Enumerable.Range(0, 128).Select(i => $"[{i * 512},512,\"m\",{i * 512},1]")); // 256 MiB, which the first writeback makes real memory
        string many = string.Join(',', Enumerable.Range(0, 16_384).Select(i => $"[{i * 64},{i * 64},32,\"m\"]"));
        (string Name, byte[] Content, string[] Expected)[] cases =
        [
            ("many writes", Scenario([.. Times(100, Op($"pwrite 0 {1 << 28} 1", all, 1 << 28))]), ["pwrite 0 268435456 1", "steps"]),
            ("many reads", Scenario([Op("pwrite 0 67108864 1", all, 64 << 20), .. Times(100, Op("pread 0 67108864", result: 64 << 20))]), ["pread", "steps"]),
            ("faults in every 2 MiB", Scenario([Op($"truncate {Large}", all), Op($"mmap 0 shared {Large} 0"), .. Enumerable.Range(0, 4000).Select(i => Op($"w 0 {512 * (i % 2048)} 1"))]), ["steps"]),
            ("2 MiB entries written back", Scenario([Op($"truncate {Large}", all), .. Times(100, Op("fsync", $"\"entries\":[{pmds}]"))]), ["fsync", "steps"]),
            ("many extents", Scenario([Op($"truncate {Large}", $"\"extents\":[{many}]"), .. Times(9000, Op($"punch 0 {Large}"))]), ["punch", "steps"]),
        ];
        return Cases(cases);
    }

    private static IEnumerable<TestCaseData> Accepted()
    {
        (string Name, byte[] Content)[] cases =
        [
            ("plain", Good),
            ("with a mark", [0xEF, 0xBB, 0xBF, .. Good]),
            ("with blank lines", [.. "\n \n"u8, .. Good, .. "\n\r\n"u8]),
            ("with ends of DOS", Bytes(Encoding.UTF8.GetString(Good).Replace("\n", "\r\n", StringComparison.Ordinal))),
            ("without the last end", Good[..^1]),
            ("gzipped", GoodGzip),
            ("gzipped in two", [.. Gzip(Good[..50]), .. Gzip(Good[50..])]),
            ("gzipped, with nothing behind", [.. GoodGzip, .. Gzip([])]),
            ("gzipped twice the same", [.. Gzip(Bytes("\n")), .. Gzip(Bytes("\n")), .. GoodGzip]),
            ("zipped", GoodZip),
            ("an extent of 2^20 pages", Scenario(Op($"truncate {Large}"), Op($"fallocate 0 {Large}", $"\"extents\":[[0,0,{1 << 20},\"m\"]]"))),
            ("a read of 4 GiB of holes", Scenario([Op($"truncate {Large}"), .. Times(100, Op($"pread 0 {Large}", result: Large))])),
            ("writeback to the end of all files", Scenario(Op("fsync", events: """{"name":"dax_unknown","first":-9}"""))),
        ];
        return cases.Select(c => new TestCaseData(c.Content).SetArgDisplayNames(c.Name));
    }

    [TestCaseSource(nameof(Containers))]
    [TestCaseSource(nameof(Headers))]
    [TestCaseSource(nameof(Ops))]
    [TestCaseSource(nameof(Rows))]
    [TestCaseSource(nameof(Work))]
    public void ADamagedRecordingEndsWithTwoAndOneLineThatNamesItsPlace(byte[] content, string[] expected)
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["f"];
        File.WriteAllBytes(path, content);
        long start = Stopwatch.GetTimestamp();
        CommandResult result = Command.RunHere("replay", path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Stopwatch.GetElapsedTime(start).TotalSeconds, Is.LessThan(MostSeconds));
            Assert.That(result.Code, Is.EqualTo(2), result.Error);
            Assert.That(result.Output, Is.Empty, "nothing is said of what was not replayed");
            Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
            Assert.That(result.Error, Does.StartWith("daxemu: " + path));
            Assert.That(result.Error.TrimEnd('\n').Any(char.IsControl), Is.False, result.Error);
            Assert.That(result.Error, Has.Length.LessThan(1000));
            Array.ForEach(expected, e => Assert.That(result.Error, Does.Contain(e)));
            Array.ForEach(Leaks, l => Assert.That(result.Error, Does.Not.Contain(l)));
        }
    }

    [TestCaseSource(nameof(Accepted))]
    public void ARecordingIsReadHoweverItIsPacked(byte[] content)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["f"], content);
        CommandResult result = Command.RunHere("replay", scratch["f"]);
        Assert.That(result.Code, Is.Zero, result.Error + result.Output);
        Assert.That(result.Output, Does.Contain("0 differ"));
    }

    [Test]
    public void AGzipIsRefusedWhereverItIsCut()
    {
        byte[] whole = Gzip(Scenario([.. Enumerable.Range(0, 20).Select(i => Op($"truncate {i * 97}"))]));
        using var scratch = new ScratchDirectory();
        foreach (int length in Effort.Part(Enumerable.Range(2, whole.Length - 2), every: 8))
        {
            File.WriteAllBytes(scratch["f"], whole[..length]);
            Assert.That(Command.RunHere("replay", scratch["f"]).Code, Is.EqualTo(2), $"cut after {length} of {whole.Length} bytes");
        }
    }

    [Test]
    public void AContradictionIsToldWithItsOp()
    {
        // The block of page 0 becomes page 1's while its entry stays: two entries on one block.
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["f"], Scenario(
            Op("truncate 8192", """ "extents":[[0,5,1,"m"]] """), Op("mmap 0 shared 8192 0"), Op("w 0 0 1", """ "entries":[[0,1,"m",5,1]],"pt0":[["T",0],["P",0,5,1,1]] """, events: """{"name":"dax_pte_fault","pgoff":0,"vma":"shared","write":true},{"name":"dax_pte_fault_done","pgoff":0,"vma":"shared","write":true,"result":["NOPAGE"]}"""),
            Op("fadvise 0 0", """ "extents":[[1,5,1,"m"]] """), Op("w 0 1 1")));
        CommandResult result = Command.RunHere("replay", scratch["f"]);
        Assert.That(result.Code, Is.EqualTo(2), result.Output);
        Assert.That(result.Error, Does.Contain("line 6").And.Contain("w 0 1 1").And.Contain("contradicts"));
    }

    [Test]
    public void TheOthersAreReplayedAndTheHighestCodeCounts()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["good"], Good);
        File.WriteAllBytes(scratch["bad"], GoodGzip[..^1]);
        File.WriteAllBytes(scratch["wrong"], Scenario(Op("r 0 0")));
        Directory.CreateDirectory(scratch["folder"]);
        CommandResult result = Command.RunHere("replay", scratch["bad"], scratch["good"], scratch["folder"], scratch["wrong"]);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Output, Does.Contain("2 scenarios, 3 ops: 1 differ"));
        Assert.That(result.ErrorLines, Has.Length.EqualTo(2));
        Assert.That(result.Error, Does.Contain("bad").And.Contain("the folder").And.Contain("*.jsonl"));
        Assert.That(Command.RunHere("replay", scratch["good"], scratch["wrong"]).Code, Is.EqualTo(1));
        Assert.That(Command.RunHere("replay", scratch["good"], scratch["missing"]).Code, Is.EqualTo(3));
    }

    [Test]
    public void AFolderStandsForTheRecordingsInIt()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["a.jsonl"], Good);
        File.WriteAllBytes(scratch["b.jsonl.gz"], GoodGzip);
        File.WriteAllBytes(scratch["c.zip"], GoodZip);
        File.WriteAllBytes(scratch["d.trace.gz"], Gzip(Bytes(Pmd())));
        File.WriteAllText(scratch["README.md"], "none");
        CommandResult result = Command.RunHere("replay", scratch.Directory);
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("4 scenarios").And.Contain("d.trace.gz: 1 faults"));
    }

    [Test]
    public void JsonIsOneDocumentWhateverTheInputs()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["a.jsonl"], Good);
        File.WriteAllBytes(scratch["b.trace"], Bytes(Pmd() + Pte(pid: 2)));
        File.WriteAllBytes(scratch["both.zip"], Zip(("a", Good), ("b", Bytes(Pmd()))));
        using JsonDocument scenarios = Json(2, "a.jsonl", "bad");
        Assert.That(scenarios.RootElement.GetProperty("scenarios").GetInt32(), Is.EqualTo(1));
        Assert.That(scenarios.RootElement.TryGetProperty("traces", out _), Is.False);
        using JsonDocument traces = Json(0, "b.trace", "b.trace");
        Assert.That(traces.RootElement.GetArrayLength(), Is.EqualTo(4), "two files, each with one thread and with as many as recorded");
        using JsonDocument both = Json(0, "a.jsonl", "b.trace");
        Assert.That(both.RootElement.GetProperty("traces").GetArrayLength(), Is.EqualTo(2));
        using JsonDocument zipped = Json(0, "both.zip");
        Assert.That(zipped.RootElement.GetProperty("scenarios").GetInt32(), Is.EqualTo(1));
        Assert.That(zipped.RootElement.GetProperty("traces").GetArrayLength(), Is.EqualTo(1), "recorded was one thread");
        using JsonDocument none = Json(2, "bad");
        Assert.That(none.RootElement.GetProperty("scenarios").GetInt32(), Is.Zero);

        JsonDocument Json(int code, params string[] names)
        {
            File.WriteAllText(scratch["bad"], "x");
            CommandResult result = Command.RunHere(["replay", "--output-format=json", .. names.Select(n => scratch[n])]);
            Assert.That(result.Code, Is.EqualTo(code), result.Error);
            return JsonDocument.Parse(result.Output);
        }
    }

    [Test]
    public void APipeAFifoAndStandardInputAreReadAlike()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["f"], GoodZip);
        string line = $"cd {scratch.Directory}; mkfifo q; $DAXEMU replay - <f; cat f | $DAXEMU replay -; $DAXEMU replay q & sleep 0.3; cat f >q; wait $!";
        CommandResult result = Command.RunInShell(line);
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output.Split("2 scenarios, 4 ops: 0 differ"), Has.Length.EqualTo(4), result.Output);
    }

    [TestCase("")]
    [TestCase(" --output-format=json")]
    public void AWaitForAFifoEndsWithTheSignal(string option)
    {
        using var scratch = new ScratchDirectory();
        CommandResult result = Command.RunInShell($"cd {scratch.Directory}; mkfifo q; $DAXEMU replay q{option} & sleep 0.7; kill -TERM $!; wait $!");
        Assert.That(result.Code, Is.EqualTo(124), result.Error);
        Assert.That(result.Error, Does.Contain("stopped").And.Not.Contain("did not come to an end"));
        Assert.That(result.Output.StartsWith('{'), Is.EqualTo(option.Length > 0));
    }

    private static IEnumerable<TestCaseData> Greedy()
    {
        string all = $"\"extents\":[[0,0,{1 << 20},\"m\"]]";
        yield return new TestCaseData(Scenario(Op($"pwrite 0 {Large} 1", all, Large))).SetArgDisplayNames("a write of 4 GiB");
        yield return new TestCaseData(Gzip(Bytes("{\"a\":\"" + new string('a', 128 << 20)))).SetArgDisplayNames("a gzip of one line");
        yield return new TestCaseData(Bytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => Pmd(address: Start + (i * Huge), start: Start + (i * Huge), end: Start + ((i + 1) * Huge)))))).SetArgDisplayNames("20,000 VMAs");
    }

    [TestCaseSource(nameof(Greedy))]
    public void NoInputTakesMoreThan500Megabytes(byte[] content)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["f"], content);
        long start = Stopwatch.GetTimestamp();
        using Process process = Command.Start("replay", scratch["f"]);
        long most = 0;
        while (!process.WaitForExit(10))
        {
            most = Math.Max(most, ProcessMemory.PeakOf(process.Id));
        }

        Assert.That(process.ExitCode, Is.EqualTo(0).Or.EqualTo(2), process.StandardError.ReadToEnd());
        Assert.That(most, Is.Positive.And.LessThan(500_000_000));
        Assert.That(Stopwatch.GetElapsedTime(start).TotalSeconds, Is.LessThan(MostSeconds));
    }

    private static int Offset(byte[] bytes, ReadOnlySpan<byte> text) => bytes.AsSpan().IndexOf(text);

    private static IEnumerable<TestCaseData> Cases((string Name, byte[] Content, string[] Expected)[] cases) =>
        cases.Select(c => new TestCaseData(c.Content, c.Expected).SetArgDisplayNames(c.Name));
}
