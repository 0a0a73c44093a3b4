using System.Text.Json.Nodes;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary><c>info</c>, and <c>bench --assert-pmd</c>.</summary>
[NonParallelizable]
public sealed class EnvironmentCommandTests
{
    private static readonly string[] Short = ["--size", "16m", "--runtime", "1ms", "--ramp-time", "1ms", "--numjobs", "1", "--rw", "write", "--phase", "refault"];

    [Test]
    public void InfoShowsWhatAMappingOfAFileReallyGot()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllBytes(scratch["device"], new byte[4 << 20]);
        JsonNode file = Info(scratch["device"]);
        Assert.That(file["mapped"]!["bytes"]!.GetValue<long>(), Is.EqualTo(4 << 20));
        Assert.That(file["clock"]!["cost_ns"]!.GetValue<double>(), Is.Positive);
        Assert.That(file["cpu"]!["count"]!.GetValue<int>(), Is.Positive);
        Assert.That(file["switches"]!["thp_enabled"], Is.Not.Null);
        Assert.That(file["userfaultfd"]!["usable"]!.GetValue<bool>() || file["userfaultfd"]!["reason"] is not null);
    }

    [Test]
    public void InfoLooksIntoADirectoryAndLeavesNothingThere()
    {
        using var scratch = new ScratchDirectory();
        JsonNode directory = Info(scratch.Directory);
        Assert.That(directory["kind"]!.GetValue<string>(), Does.Contain("directory"));
        Assert.That(directory["path"]!.GetValue<string>(), Is.EqualTo(scratch.Directory));
        Assert.That(directory["mapped"]!["bytes"]!.GetValue<long>(), Is.Positive);
        Assert.That(Directory.EnumerateFileSystemEntries(scratch.Directory), Is.Empty);
    }

    [Test]
    public void TheTextOfInfoFitsEightyColumns()
    {
        using var scratch = new ScratchDirectory();
        Assert.That(Command.RunHere("info", scratch.Directory).Output.Split('\n').Max(line => line.TrimEnd('\r').Length), Is.LessThanOrEqualTo(80));
    }

    [TestCase("--engine", "emu", 0, "")]
    [TestCase("--bs", "4k", 1, "the case asks for 4 KiB")]
    [TestCase("--engine", "floor", 2, "--assert-pmd has nothing to check")]
    public void MappingsAreAssertedToBeOfTwoMebibytes(string option, string value, int code, string reason)
    {
        CommandResult run = Command.RunHere(["bench", "--assert-pmd", .. option == "--engine" ? [option, value] : (string[])["--engine", "emu", option, value], .. Short]);
        Assert.That(run.Code, Is.EqualTo(code), run.Error + run.Output);
        Assert.That(run.Error, Does.Contain(reason));
    }

    [Test]
    public void EachReasonOfAFallbackIsExplainedAndTheMostFrequentIsFirst()
    {
        Assert.That(Enum.GetValues<FallbackReason>().Where(r => r != FallbackReason.None && PmdCheck.Explain(r) == "no reason is known"), Is.Empty);
        var counts = new FaultCounts();
        Assert.That(PmdCheck.ProblemOf(counts), Is.Null);
        counts.Note(new FaultOutcome(FaultResult.Fallback, FallbackReason.ShortExtent));
        counts.Note(new FaultOutcome(FaultResult.Fallback, FallbackReason.MisalignedPfn));
        counts.Note(new FaultOutcome(FaultResult.Fallback, FallbackReason.MisalignedPfn));
        Assert.That(PmdCheck.ProblemOf(counts), Does.Match("2 MisalignedPfn .*; 1 ShortExtent "));
    }

    private static JsonNode Info(string path)
    {
        CommandResult result = Command.RunHere("info", path, "--output-format=json");
        Assert.That(result.Code, Is.Zero, result.Error);
        return JsonNode.Parse(result.Output)!;
    }
}
