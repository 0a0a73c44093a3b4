using System.Text.Json.Nodes;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary><c>daxemu crash</c>: its exit codes, its JSON, its replay strings.</summary>
public sealed class CrashCommandTests
{
    [Test]
    public void AFailureEndsWithOneAndItsStringMakesItAgain()
    {
        CommandResult found = Command.RunHere("crash", "--workload", "kv", "--bug", "move-deletes-first", "--output-format=json");
        Assert.That(found.Code, Is.EqualTo(1), found.Error);
        JsonNode report = JsonNode.Parse(found.Output)!;
        JsonNode failure = report["failures"]!.AsArray().Single()!;
        Assert.That((string)failure["case"]!, Is.EqualTo("kv.put-a.move-a-b"));
        Assert.That((double)report["states"]!, Is.GreaterThanOrEqualTo((double)report["distinct_states"]!));
        Assert.That((double)report["pruned"]!, Is.EqualTo((double)report["states"]! - (double)report["distinct_states"]!));

        string replay = (string)failure["replay"]!;
        CommandResult again = Command.RunHere("crash", "--workload", "kv", "--bug", "move-deletes-first", "--replay", replay);
        Assert.That((again.Code, again.Output.Split('\n')[0]), Is.EqualTo((1, $"kv.put-a.move-a-b: {(string)failure["message"]!}")));
        Assert.That(Command.RunHere("crash", "--workload", "kv", "--replay", replay).Code, Is.Zero, "without the bug");
    }

    [Test]
    public void WithoutAFailureItEndsWithZero()
    {
        Assert.That(Command.RunHere("crash", "--workload", "log", "--points", "all", "--case", "log.short").Code, Is.Zero);
        CommandResult result = Command.RunHere("crash", "--workload", "btree", "--points", "1", "--case", "btree.4.end");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Match("(?m)^cases +1$").And.Match("(?m)^power cuts +1$").And.Match("(?m)^failures +0$"));
    }

    [Test]
    public void WithAndWithoutPruningTheVerdictsAreTheSame()
    {
        CommandResult result = Command.RunHere("crash", "--workload", "log", "--case", "log.short-around", "--cross-check");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.StartWith("1 cases compared, 0 of them fail").And.Contain("0 verdicts differ"));
    }

    [Test]
    public void TheListHasEachWorkloadAndItsBugs()
    {
        CommandResult result = Command.RunHere("crash", "--list");
        Assert.That(result.Code, Is.Zero);
        Assert.That(result.Output, Does.Match("(?m)^log: ").And.Match("(?m)^kv: ").And.Match("(?m)^btree: ").And.Match("(?m)^volume: ").And.Contain("--bug missing-flush"));
    }

    [TestCase("'what' is not a workload", "--workload", "what")]
    [TestCase("'what' is not a bug of log", "--bug", "what")]
    [TestCase("'what' is not a case of this workload", "--case", "what")]
    [TestCase("'none' is not a whole number", "--points", "none")]
    [TestCase("'x' is not a case of this workload", "--replay", "x")]
    [TestCase("not the number of a cut", "--replay", "cut1:log.short:99:")]
    public void ABadValueIsNamedAndEndsWithTwo(string complaint, params string[] arguments)
    {
        CommandResult result = Command.RunHere(["crash", .. arguments]);
        Assert.That(result.Code, Is.EqualTo(2), result.Output);
        Assert.That(result.Error, Does.Contain(complaint));
    }
}
