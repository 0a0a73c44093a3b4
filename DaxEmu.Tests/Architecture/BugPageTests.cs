using System.Text.RegularExpressions;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>docs/bugs.md explains each historic bug that the sources name, and what it says is so.</summary>
public sealed partial class BugPageTests
{
    private static readonly IReadOnlyList<BugSection> Sections = BugSection.ReadAll();

    private static IEnumerable<string> Numbers => Sections.Select(s => s.Number);

    private static IEnumerable<string> NumbersWithACheck => Sections.Where(s => s.Check is not null).Select(s => s.Number);

    [Test]
    public void EachNumberInTheSourcesHasASection() => Assert.That(
        from project in new[] { "DaxEmu.Core", "DaxEmu.Native", "DaxEmu.Bench", "DaxEmu.Tests" }
        from file in Solution.Sources(project)
        from number in Number().Matches(File.ReadAllText(file)).Select(m => m.Value).Distinct()
        where !Numbers.Contains(number)
        select $"{Path.GetRelativePath(Solution.Root, file)} names {number}",
        Is.Empty);

    [Test]
    public void EachSectionIsNamedInTheSources()
    {
        string sources = string.Concat(new[] { "DaxEmu.Core", "DaxEmu.Bench", "DaxEmu.Tests" }.SelectMany(Solution.Sources).Select(File.ReadAllText));
        string[] named = [.. Number().Matches(sources).Select(m => m.Value).Distinct()];
        Assert.That(Numbers.Except(named), Is.Empty);
    }

    [Test]
    public void EachSectionSaysWhatItMust([ValueSource(nameof(Numbers))] string number)
    {
        BugSection section = Sections.Single(s => s.Number == number);
        Assert.Multiple(() =>
        {
            Assert.That(section.Kernel, Does.Match("[0-9a-f]{12}|20[0-9]{2}|4.20"), "a commit, a year or a version");
            Assert.That(section.SmallestCase, Does.Contain("thread"));
            Assert.That(section.Names(section.PreventedBy), Is.Not.Empty);
            Assert.That(section.Names(section.Switch + section.PreventedBy).Where(n => !Members.Exist(n)), Is.Empty, "names of no member");
            Assert.That(section.Names(section.Tests), Is.Not.Empty);
            Assert.That(section.Names(section.Tests).Where(n => !Members.AreTests(n)), Is.Empty, "names of no test");
            Assert.That(section.Mutants, Is.SubsetOf(MutationTests.Mutants.Select(m => m.Name)), "mutants that exist");
        });
    }

    [Test]
    public void EachCheckEndsAsThePageSays([ValueSource(nameof(NumbersWithACheck))] string number)
    {
        BugSection section = Sections.Single(s => s.Number == number);
        BugCheck check = section.Check!;
        Scenario scenario = SmallScenarios.Named(check.Scenario, WaitProfiles.ByName(check.Profile)) with { Model = MemoryModel.SequentiallyConsistent };
        CheckOutcome outcome = CheckRunner.Exhaust(scenario, new RunLimits(long.MaxValue, TimeSpan.FromSeconds(20)), check.Fails ? 3 : 1);
        Assert.That(outcome is CheckFailed, Is.EqualTo(check.Fails));
        if (outcome is CheckFailed failed)
        {
            static string Count(int count, string of) => count == 1 ? $"1 {of}" : $"{count} {of}s";
            Assert.That(section.SmallestCase, Is.EqualTo($"{Count(failed.ThreadCount, "thread")}, {Count(failed.EventCount, "step")}"));
        }
    }

    [Test]
    public void EachBugThatTheCommandSearchesHasItsScenarioProfileAndCommitOnThePage() => Assert.Multiple(() =>
    {
        foreach (HistoricBug bug in SmallScenarios.Bugs.Where(b => Number().IsMatch(b.Id)))
        {
            foreach (BugSection section in bug.Id.Split('/').Select(id => Sections.Single(s => s.Number == id)))
            {
                Assert.That(section.Check, Is.EqualTo(new BugCheck(bug.Profile.Name, bug.Scenario, Fails: true)), bug.Id);
                Assert.That(section.Kernel, Does.Contain(bug.Commit.Replace("merged for ", string.Empty, StringComparison.Ordinal)), bug.Id);
            }
        }
    });

    // Also at the beginning of a test's name, before an underscore.
    [GeneratedRegex(@"(?<![A-Za-z0-9_])B[0-9]{2}(?![0-9A-Za-z])")]
    private static partial Regex Number();
}
