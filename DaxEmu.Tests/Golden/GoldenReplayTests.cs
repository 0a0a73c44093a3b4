using DaxEmu.Bench.Verification.Replay;
using NUnit.Framework;

namespace DaxEmu.Tests.Golden;

/// <summary>The fault core does what running kernels did.</summary>
public sealed class GoldenReplayTests
{
    private const int ScenarioCount = 756;
    private const double MostAdopted = 0.01;

    private static IEnumerable<string> Names => GoldenCorpus.Names();

    [TestCaseSource(nameof(Names))]
    public void TheEmulatorDoesWhatTheKernelDid(string name)
    {
        ReplayReport report = GoldenReplayer.Run(GoldenCorpus.Load(name));
        Assert.That(report.WrongCount, Is.Zero, string.Join('\n', report.Mismatches.Where(m => !m.IsAdopted)));
    }

    [Test]
    public void NoScenarioIsMissingAndHardlyAnyStateIsTakenOver()
    {
        ReplayReport[] reports = [.. Names.Select(n => GoldenReplayer.Run(GoldenCorpus.Load(n)))];
        Assert.That(reports, Has.Length.EqualTo(ScenarioCount));
        double share = (double)reports.Sum(r => r.AdoptedCount) / reports.Sum(r => r.FileSystemOpCount);
        Assert.That(share, Is.LessThan(MostAdopted), "ops of the file system's own whose outcome the file-system model does not give");
    }

    [Test]
    public void AWrongAnswerIsSeen()
    {
        // The judge must be able to find against us: a scenario whose recording is changed in one place.
        GoldenScenario scenario = GoldenCorpus.Load("hand/pmd-write-preallocated");
        int at = scenario.Ops.ToList().FindIndex(o => o.Verb == "w");
        GoldenOp changed = scenario.Ops[at] with { Events = ["PMD(0w)=FALLBACK"] };
        GoldenScenario altered = scenario with { Ops = [.. scenario.Ops.Take(at), changed, .. scenario.Ops.Skip(at + 1)] };
        Assert.That(GoldenReplayer.Run(altered).WrongCount, Is.EqualTo(1));
    }

    [TestCase("", 2166136261u)]
    [TestCase("a", 0xe40c292cu)]
    [TestCase("foobar", 0xbf9cf968u)]
    public void TheChecksumIsFnv1a(string text, uint expected) =>
        Assert.That(Fnv1a.Hash(System.Text.Encoding.ASCII.GetBytes(text)), Is.EqualTo(expected));
}
