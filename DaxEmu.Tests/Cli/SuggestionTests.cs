using DaxEmu.Bench.Cli;
using DaxEmu.Tests.EndToEnd;
using NUnit.Framework;

namespace DaxEmu.Tests.Cli;

/// <summary>A mistyped word is answered with what it was meant to be.</summary>
[NonParallelizable]
public sealed class SuggestionTests
{
    private static readonly string[] Words = ["read", "write", "randread", "randwrite"];

    [TestCase("raed", "read")]
    [TestCase("writ", "write")]
    [TestCase("randwrit", "randwrite")]
    [TestCase("RANDREAD", "randread")]
    [TestCase("trim", null)]
    [TestCase("", null)]
    [TestCase("x", null)]
    public void TheNearestWordIsNamedIfOneIsNear(string word, string? nearest) => Assert.That(Suggestion.Nearest(word, Words), Is.EqualTo(nearest));

    [TestCase("bnech", "'bench'")]
    [TestCase("volume formt", "'format'")]
    [TestCase("bench --numjob 1", "'--numjobs'")]
    [TestCase("soak --runtme 1s", "'--runtime'")]
    [TestCase("check --profile v4.2", "'v4.20'")]
    [TestCase("check --scenario pmd-behind-pt", "'pmd-behind-pte'")]
    [TestCase("crash --workload vloume", "'volume'")]
    [TestCase("crash --bug mising-flush", "'missing-flush'")]
    [TestCase("bench --phase refalt", "'refault'")]
    [TestCase("bench --group_reportin", "'--group-reporting'")]
    public void AMistypedVerbOptionOrValueIsRefusedWithTheNearest(string line, string nearest)
    {
        CommandResult result = Command.RunHere(line.Split(' '));
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(result.Error, Does.Contain($"Did you mean {nearest}?"));
    }

    [TestCase("check --list", "v4.20", "pmd-behind-pte")]
    [TestCase("soak --list", "v4.20", "fixed")]
    [TestCase("policies --list", "any-order", "fixed")]
    [TestCase("bench --list", "locked-radix", "refault")]
    [TestCase("crash --list", "volume", "log")]
    public void NamesAreListed(string line, string one, string other)
    {
        CommandResult result = Command.RunHere(line.Split(' '));
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain(one).And.Contain(other));
        Assert.That(result.Output.Split('\n').Select(l => l.Length), Is.All.LessThanOrEqualTo(80));
    }
}
