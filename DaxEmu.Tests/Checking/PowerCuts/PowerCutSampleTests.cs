using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking.PowerCuts;

/// <summary>docs/samples/AppendLog and KeyValueStore: right ones survive every cut, and of the wrong ones each is found with its smallest case.</summary>
[Parallelizable(ParallelScope.Self)] // processes of their own
public sealed class PowerCutSampleTests
{
    [TestCase("AppendLog", "RawStoreWithoutFlush: ", "through a span in step 1): stored, never flushed")]
    [TestCase("AppendLog", "NoFenceBeforeEnd: ", "flushed, no fence since")]
    [TestCase("KeyValueStore", "NoChecksum: ", "flushed, no fence since")]
    [TestCase("KeyValueStore", "RoundBeforeEntries: ", "step 4: 2 changes")]
    [TestCase("KeyValueStore", "LeavesWhatFollows: ", "key-value-store: opened once more it has")]
    public void ASampleSurvivesEveryCutAndItsFlawIsFound(string sample, string flaw, string description)
    {
        CommandResult result = new SampleProgram(sample).Run([]);
        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        Assert.That(result.Output, Does.Match("^None: .*, 0 failures\n"));
        string ofFlaw = result.Output[result.Output.IndexOf(flaw, StringComparison.Ordinal)..];
        Assert.That(ofFlaw.Split('\n')[0], Does.EndWith(", 1 failures"));
        Assert.That(ofFlaw, Does.Contain(description).And.Contain("replay: cut1:"));
    }

    [Test]
    public void TheLogIsShort() => Assert.That(
        File.ReadLines(Path.Combine(new SampleProgram("AppendLog").Folder, "PersistentLog.cs")).Count(), Is.AtMost(75), "with its comments and flaws");
}
