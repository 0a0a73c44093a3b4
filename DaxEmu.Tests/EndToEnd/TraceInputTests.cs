using System.Diagnostics;
using DaxEmu.Tests.Support;
using NUnit.Framework;
using static DaxEmu.Tests.EndToEnd.Recordings;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Damaged and hostile trace text: each ends soon, with a line that names file, line and value.</summary>
[NonParallelizable]
public sealed class TraceInputTests
{
    private const int MostSeconds = 5;
    private const long Ti = 1L << 40;

    private static IEnumerable<TestCaseData> Damaged()
    {
        string good = Pmd();
        (string Name, string Text, string[] Expected)[] cases =
        [
            ("no trace", "hello\n", ["line 1", "processor"]),
            ("no fault", "# tracer: nop\n", ["no fault in it"]),
            ("a fault without its end", good.Split('\n')[0] + "\n", ["no fault in it"]),
            ("an address of the kernel", Pmd(address: unchecked((long)0xffffffff81000000), start: unchecked((long)0xffffffff80000000), end: unchecked((long)0xffffffffff000000)), ["line 1", "0xffffffff81000000"]),
            ("an address before its VMA", Pmd(address: Start - 4096), ["line 1", "0x7efffffff000"]),
            ("a VMA that ends before it begins", Pmd(end: Start - Huge), ["line 1", "0x7effffe00000"]),
            ("a VMA that ends inside a page", Pmd(end: Start + 4097), ["line 2", "0x7f0000001001"]),
            ("a VMA of half the addresses", Pmd(end: Start + (64 * Ti)), ["line 2", "0x400000000 pages"]),
            ("a page beyond all", Pmd(page: 1L << 50), ["line 2", "0x4000000000200"]),
            ("a page that is no page", Pmd(page: 1L << 53), ["line 1", "'pgoff'", "0x20000000000000"]),
            ("an end beyond all", Pmd(lastPage: 1L << 50), ["line 2", "0x4000000000000"]),
            ("a page below its VMA", Pmd(address: Start + (5 * 4096)), ["line 2", "begin before the file"]),
            ("an inode above all", good.Replace("ino 0x7", "ino 0xffffffffffffffff", StringComparison.Ordinal), ["line 1", "'ino'", "0xffffffffffffffff"]),
            ("a number that is none", good.Replace("ino 0x7", "ino 0xno", StringComparison.Ordinal), ["line 1", "'0xno'"]),
            ("a number of 17 digits", good.Replace("ino 0x7", "ino 0x10000000000000000", StringComparison.Ordinal), ["line 1", "0x10000000000000000"]),
            ("an unknown flag", good.Replace("USER", "LOSER", StringComparison.Ordinal), ["line 1", "LOSER"]),
            ("an unknown result", Pmd(result: "MAYBE"), ["line 2", "MAYBE"]),
            ("a result above all", Pmd(result: "0x7fffffff"), ["line 2", "0x7fffffff"]),
            ("a time without a fraction", good.Replace("1.000001", "1", StringComparison.Ordinal), ["line 1", "'1:'"]),
            ("a negative time", good.Replace("1.000001", "-1.000001", StringComparison.Ordinal), ["line 1", "'-1'"]),
            ("a thread without a number", good.Replace("t-1", "t-x", StringComparison.Ordinal), ["line 1", "'x'"]),
            ("a thread with escapes", good.Replace("t-1", "\u001b[31mt-x", StringComparison.Ordinal), ["line 1", @"\x1b[31m"]),
            ("a thread with a long name", good.Replace("t-1", new string('t', 100) + "-1", StringComparison.Ordinal), ["line 1", "100 bytes"]),
            ("a line without end", good + new string('x', 200_000), ["line 3", "131072"]),
            ("a third line", good + good + "x\n", ["line 5"]),
            ("2^16 faults begun", string.Concat(Enumerable.Range(1, 65_537).Select(i => good.Split('\n')[0].Replace("t-1 ", $"t-{i} ", StringComparison.Ordinal) + "\n")), ["line 65537", "65536 threads"]),
            ("a table for each fault", Pmd(end: Start + Ti, lastPage: 1 << 28) + string.Concat(Enumerable.Range(0, 25_000).Select(i => Pte(address: Start + (i * Huge), page: i * 512L))), ["65536 pages of 4 KiB"]),
            ("a copy for each fault", Pmd(end: Start + (Ti / 1024), lastPage: 1 << 18).Replace("shared", "private", StringComparison.Ordinal) + string.Concat(Enumerable.Range(0, 66_000).Select(i => Pte(address: Start + (i * 4096L), page: i, kind: "private"))), ["65536 pages of 4 KiB"]),
        ];
        return cases.Select(c => new TestCaseData(c.Text, c.Expected).SetArgDisplayNames(c.Name));
    }

    [TestCaseSource(nameof(Damaged))]
    public void ADamagedTraceEndsWithTwoAndOneLineThatNamesItsPlace(string text, string[] expected)
    {
        using var scratch = new ScratchDirectory();
        string path = scratch["f"];
        File.WriteAllText(path, text);
        long start = Stopwatch.GetTimestamp();
        CommandResult result = Command.RunHere("replay", path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Stopwatch.GetElapsedTime(start).TotalSeconds, Is.LessThan(MostSeconds));
            Assert.That(result.Code, Is.EqualTo(2), result.Error);
            Assert.That(result.Output, Is.Empty);
            Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
            Assert.That(result.Error, Does.StartWith("daxemu: " + path));
            Assert.That(result.Error.TrimEnd('\n').Any(char.IsControl), Is.False, result.Error);
            Assert.That(result.Error, Has.Length.LessThan(1000));
            Array.ForEach(expected, e => Assert.That(result.Error, Does.Contain(e)));
        }
    }

    [Test]
    public void ManyVmasOfOneFileTakeLittleTime()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["f"], string.Concat(Enumerable.Range(0, 20_000).Select(
            i => Pmd(address: Start + (i * Huge), start: Start + (i * Huge), end: Start + ((i + 1) * Huge)))));
        long start = Stopwatch.GetTimestamp();
        CommandResult result = Command.RunHere("replay", scratch["f"]);
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("20000 faults, 1 files, 20000 VMAs, 1 of 1 threads"));
        Assert.That(Stopwatch.GetElapsedTime(start).TotalSeconds, Is.LessThan(MostSeconds));
    }

    [TestCase("1024", "1 of 1 threads")]
    [TestCase("0", "1 of 1 threads")]
    public void NoMoreThreadsThanRecordedReplay(string threads, string expected)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["f"], Pmd());
        Assert.That(Command.RunHere("replay", scratch["f"], "--threads", threads).Output, Does.Contain(expected));
    }

    [TestCase("1025")]
    [TestCase("100001")]
    [TestCase("-1")]
    public void MoreThreadsThanAMachineHasAreRefused(string threads)
    {
        CommandResult result = Command.RunHere("replay", "f", "--threads", threads);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain($"'{threads}'").And.Contain("1024"));
    }

    [Test]
    public void AStoppedReplayTellsWhatItHas()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["f"], string.Concat(Enumerable.Range(0, 100_000).Select(i => Pte(address: Start + (i % 512 * 4096L), page: i % 512))));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        CommandResult result = Command.RunHere(stop.Token, "replay", "--output-format=json", scratch["f"]);
        Assert.That(result.Code, Is.EqualTo(124));
        Assert.That(result.Output, Does.StartWith("{").And.Contain("\"scenarios\": 0"));
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1));
    }

    [TestCase("x\n", 2, "line 1")]
    [TestCase(Header + "\n", 2, "one trace text")]
    [TestCase("", 2, "it is empty")]
    public void PoliciesTakeTraceTextAlone(string text, int code, string expected)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["f"], text);
        CommandResult result = Command.RunHere("policies", "--trace", scratch["f"]);
        Assert.That(result.Code, Is.EqualTo(code));
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.Contain(scratch["f"]).And.Contain(expected));
        Assert.That(Command.RunHere("policies", "--trace", scratch.Directory).Code, Is.EqualTo(2), "a folder with no recording");
        Assert.That(Command.RunHere("policies", "--trace", scratch["missing"]).Code, Is.EqualTo(3));
    }
}
