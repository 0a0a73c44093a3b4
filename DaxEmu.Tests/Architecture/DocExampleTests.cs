using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.Documents;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>
/// What the documents show can be typed: each C# block compiles against the public API and runs, each command line is one that the command
/// takes.
/// </summary>
public sealed class DocExampleTests
{
    // Blocks that are fragments of one program are put together in their order.
    private static IEnumerable<TestCaseData> Programs() => DocPage.All
        .SelectMany(p => p.Blocks)
        .Where(b => b.Language == "csharp")
        .GroupBy(b => b.Program is null ? b.ToString() : $"{b.Page.Name}: {b.Program}")
        .Select(g => new TestCaseData((object)g.Select(b => b.Text).ToArray()).SetArgDisplayNames(g.Key));

    private static TestCaseData[] CommandLines() => [.. DocCommands.All.Concat(DocCommands.Ordered).Select(l => new TestCaseData((object)l.Words).SetArgDisplayNames(l.ToString()))];

    [TestCaseSource(nameof(Programs))]
    public void ABlockOfCSharpIsAProgramThatRuns(string[] parts)
    {
        // What a program keeps on tmpfs goes into a folder that is gone afterwards.
        using var scratch = new ScratchDirectory();
        try
        {
            Example.Run([.. parts.Select(p => p.Replace("/dev/shm/", scratch.Directory + "/", StringComparison.Ordinal))]);
        }
        catch (AggregateException failure) when (failure.GetBaseException() is DaxEnvironmentException && !WriteTracker.Support.IsSupported)
        {
            Assert.Ignore(WriteTracker.Support.Reason);
        }
        catch (AggregateException failure) when (failure.GetBaseException() is DaxEnvironmentException { Path: not null } && HostLibrary.DefaultPath is null)
        {
            BuiltLibrary.Require(); // which ends the test as ignored
        }
    }

    [TestCaseSource(nameof(CommandLines))]
    public void ACommandLineIsOneThatTheCommandTakes(string[] words)
    {
        IReadOnlyList<System.CommandLine.ParseResult> parsed = Bench.Cli.CommandFrame.Parse(Bench.Program.CreateRoot(), words);
        Assert.That(parsed.SelectMany(p => p.Errors).Select(e => e.Message), Is.Empty);
    }

    [Test]
    public void ExamplesAndCommandLinesAreFound() => Assert.Multiple(() =>
    {
        Assert.That(Programs(), Is.Not.Empty);
        Assert.That(CommandLines(), Has.Length.GreaterThan(30));
    });

    [TestCase("int unused = DaxEmu.Core.DaxConstants.PageShift;", null)]
    [TestCase("new DaxEmu.Core.Atomics.WordLock();", "CS0122")]
    [TestCase("DaxVolume.ScratchOf(null!);", "CS0103")]
    public void AnExampleSeesThePublicApiAlone(string program, string? error) => Assert.That(
        Example.Compile([program], Stream.Null), error is null ? Is.Empty : Has.Some.Contains(error));

    [TestCase("bench --size 1g # a gibibyte", "bench|--size|1g")]
    [TestCase("suites -- --filter '*Fault*'", "suites|--|--filter|*Fault*")]
    [TestCase("check --replay \"a b\"", "check|--replay|a b")]
    [TestCase("replay a.gz > out.txt", "replay|a.gz")]
    public void ALineIsSplitAsAShellDoes(string line, string words) => Assert.That(DocCommands.Split(line), Is.EqualTo(words.Split('|')));
}
