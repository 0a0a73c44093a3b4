using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>A soak finds what is there, says what it is, and finds nothing where nothing is.</summary>
public sealed class SoakRunnerTests
{
    [Test]
    public void TheHangOf2019IsFoundAndBothKeysAreNamed()
    {
        SoakReport report = SoakPlans.Run(SoakPlans.Small(seconds: 30, WaitProfiles.V4_20, jobCount: 8));
        Assert.That(report.Outcome, Is.EqualTo(SoakOutcome.Hang), string.Join('\n', report.Findings));
        string text = report.Findings.Single().Text;
        Assert.That(text, Does.Match("key [0-9]+ was woken, but this thread sleeps on key [0-9]+: it will never be woken"));
        Assert.That(text, Does.Match("job [0-9]+ \\(thread [0-9]+\\) [A-Z]"));
        Assert.That(text, Does.Contain("nothing but a wake-up was missing"));
        Assert.That(report.LastOperations, Has.Count.EqualTo(8));
        Assert.That(report.Plan.Command, Does.Contain("--randseed 1").And.Contain("--profile v4.20"));
    }

    [Test]
    public void TheFixedProfileIsCleanAndMemoryStaysFlat()
    {
        long first = 0;
        long last = 0;
        int looks = 0;
        SoakReport report = SoakPlans.Run(SoakPlans.Small(seconds: 2.5), _ =>
        {
            looks++;
            if (looks % 10 == 0)
            {
                last = GC.GetTotalMemory(forceFullCollection: true);
                first = first == 0 ? last : first;
            }
        });
        Assert.That(report.Findings, Is.Empty);
        Assert.That(report.Operations, Is.GreaterThan(1000));
        Assert.That(report.QuiescentPoints, Is.GreaterThan(1));
        Assert.That(report.Samples, Is.Not.Empty);
        Assert.That(last - first, Is.LessThan(4 << 20), "bytes of the heap more than at the start");
    }

    [Test]
    public void AByteThatChangesBehindTheFilesBackIsFound()
    {
        // In the part of the file where few pages are written, so that no thread writes over it.
        SoakReport report = SoakPlans.Run(SoakPlans.Small(seconds: 20), fixture =>
        {
            foreach (Extent extent in fixture.File.ExtentList.Where(e => e.Kind == ExtentKind.Mapped && e.First.Value >= fixture.TailFirst))
            {
                fixture.Device.GetSpan(extent.Pfn, 1)[123] ^= 1;
            }
        });
        Assert.That(report.Outcome, Is.EqualTo(SoakOutcome.Corrupt));
        Assert.That(report.Findings.Select(f => f.Kind), Has.Some.EqualTo(FindingKind.Torn).Or.Some.EqualTo(FindingKind.Error));
        Assert.That(report.Findings[0].Text, Does.Contain("device page"), "the evidence names the block");
        Assert.That(report.LastOperations, Is.Not.Empty);
    }

    [Test]
    public void AHangThatIsNoLostWakeUpIsToldApart()
    {
        EntryLocker? locker = null;
        HeldEntry held = default;
        SoakReport report = SoakPlans.Run(SoakPlans.Small(seconds: 30), fixture =>
        {
            if (locker is null && fixture.File.Mapping.Locker.LockAny(new PageIndex(0), out held))
            {
                locker = fixture.File.Mapping.Locker;
            }
        });
        locker!.Put(held);
        Assert.That(report.Outcome, Is.EqualTo(SoakOutcome.Hang));
        Assert.That(report.Findings[0].Text, Does.Contain("locked by").And.Contain("threads still do not go on"));
    }

    [Test]
    public void TheHolderIsLookedForAmongThoseAtWorkOnThePage()
    {
        using var fixture = new SoakFixture(SoakPlans.Small());
        SoakJob[] jobs = [new(fixture, 1, 0), new(fixture, 1, 1), new(fixture, 1, 2)];
        jobs[0].Begin(SoakOperation.Store, 7, way: 1);
        jobs[1].Begin(SoakOperation.TouchHuge, 0, DaxConstants.PagesPerPmd, way: 0);
        jobs[2].Begin(SoakOperation.Store, 8, way: 1);
        string holder = HangSnapshot.HolderAmong(jobs, 7, 0);
        Assert.That(holder, Does.Contain("job 0").And.Contain("Store page 7 by view 1").And.Contain("job 1").And.Not.Contain("job 2"));
        Assert.That(HangSnapshot.HolderAmong(jobs, 600, 0), Does.StartWith("no thread"));
    }

    [Test]
    public void NothingFoundIsInconclusiveWhereTheControlStaysSilent()
    {
        SoakSession session = SoakSession.Run(SoakPlans.Small(), plan => new SoakReport { Plan = plan }, CancellationToken.None);
        Assert.That(session.Code, Is.EqualTo(ExitCode.Inconclusive));
        Assert.That(SoakText.Write(session), Does.Contain("INCONCLUSIVE").And.Contain("NOT found"));
        Assert.That(SoakJson.Write(session), Does.Contain("\"outcome\": \"inconclusive\""));
    }

    [Test]
    public void AControlThatFindsTheHangMakesACleanRunCount()
    {
        SoakSession session = SoakSession.Run(SoakPlans.Small(), Fake, CancellationToken.None);
        Assert.That(session.Code, Is.EqualTo(ExitCode.Success));
        Assert.That(SoakText.Write(session), Does.Contain("PASS fixed"));
    }

    [Test]
    public void AControlThatFindsSomethingElseFails()
    {
        SoakSession session = SoakSession.Run(
            SoakPlans.Small(),
            plan => new SoakReport { Plan = plan, Findings = plan.Profile == WaitProfiles.V4_20 ? [new SoakFinding(FindingKind.Lost, "x")] : [] },
            CancellationToken.None);
        Assert.That(session.Code, Is.EqualTo(ExitCode.Found));
    }

    [Test]
    public void AStoppedRunThatFoundNothingIsNotClean()
    {
        using var stop = new CancellationTokenSource();
        SoakSession session = SoakSession.Run(
            SoakPlans.Small(),
            plan =>
            {
                stop.Cancel();
                return Fake(plan);
            },
            stop.Token);
        Assert.That(session.Code, Is.EqualTo(ExitCode.TimeLimit));
        Assert.That(SoakText.Write(session), Does.Contain("STOPPED"));
    }

    private static SoakReport Fake(SoakPlan plan) =>
        new() { Plan = plan, Findings = plan.Profile == WaitProfiles.V4_20 ? [new SoakFinding(FindingKind.Hang, "x")] : [] };
}
