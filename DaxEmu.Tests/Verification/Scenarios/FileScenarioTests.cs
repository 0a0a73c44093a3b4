using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>Whole files under the deterministic scheduler, by random priorities.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class FileScenarioTests
{
    private const int Schedules = 150;

    private static IEnumerable<string> Names => FileScenarios.Names;

    [TestCaseSource(nameof(Names))]
    public void OperationsOfWholeFilesLoseNothing(string name)
    {
        CheckOutcome outcome = CheckRunner.SamplePct(FileScenarios.Named(name), new RunLimits(Schedules, TimeSpan.FromSeconds(60)), seed: 7);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        TestContext.Out.WriteLine(outcome.Effort);
    }

    [Test]
    public void AStoreThatTakesNoPartInTheLayoutIsFound()
    {
        Scenario broken = FileScenarios.Of(
            "broken-copy",
            f => f.A.SetLength(0),
            f =>
            {
                // A span that outlives the layout under which it was made.
                if (f.A.Length == 0)
                {
                    return;
                }

                Span<byte> span = f.View.WriteAtMost(4096, 4096);
                _ = f.A.Length;
                span.Fill(0x71);
            },
            f => f.WriteB(4, 0x72));
        CheckOutcome outcome = CheckRunner.SamplePct(broken, new RunLimits(2_000, TimeSpan.FromSeconds(60)), seed: 7);
        Assert.That(outcome, Is.InstanceOf<CheckFailed>(), outcome.ToString());
    }
}
