using System.Diagnostics;
using System.Text.Json;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Bench.Verification.Soak.RealMemory;
using DaxEmu.Core;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>The soak of real memory: in a process of its own, since its threads end that process if a signal is not served.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class HostSoakTests
{
    private static readonly SoakPlan Plan = new()
    {
        Duration = TimeSpan.FromSeconds(1),
        JobCount = 4,
        SizeBytes = 16 << 20,
        Profile = WaitProfiles.Fixed,
        Seed = 1,
        Watchdog = TimeSpan.FromSeconds(20),
        Mmu = MmuKind.Host,
    };

    [Test]
    public void AShortSoakFindsItsControlFirstAndThenNothing()
    {
        BuiltLibrary.Require();
        string seconds = Effort.IsThorough ? "5s" : "1s";
        CommandResult result = Command.Run(
            "soak", "--mmu", "host", "--duration", seconds, "--numjobs", "4", "--size", "16m", "--randseed", "3", "--watchdog", "20s", "--output-format=json");
        Assert.That(result.Code, Is.Zero, result.Output + result.Error);
        using var document = JsonDocument.Parse(result.Output);
        JsonElement root = document.RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(root.GetProperty("mmu").GetString(), Is.EqualTo("host"));
            Assert.That(root.GetProperty("outcome").GetString(), Is.EqualTo("clean"));
            Assert.That(root.GetProperty("control").GetProperty("found").GetBoolean());
            Assert.That(root.GetProperty("collections").GetInt64(), Is.Positive);
            Assert.That(root.GetProperty("faults").GetProperty("pte").GetInt64(), Is.Positive);
            Assert.That(root.GetProperty("pages_at_end").GetInt64(), Is.EqualTo(4 * 511));
        });
    }

    [Test]
    public void WithoutTheLibraryTheVerbEndsWith3AndNamesThePackage()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), "soak", "--mmu", "host"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DAXEMU_LIBRARY"] = "/nowhere/libdaxemu.so";
        CommandResult result = Command.End(Process.Start(start)!);
        Assert.That(result.Code, Is.EqualTo(3));
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(result.Error, Does.StartWith("daxemu: ").And.Contain("/nowhere/libdaxemu.so").And.Contain("apt-get install gcc"));
    }

    [Test]
    public void GreenCountsOnlyAfterTheControl() => Assert.Multiple(() =>
    {
        HostSoakSession unproved = Session(control: null, main: null);
        Assert.That(unproved.Code, Is.EqualTo(ExitCode.Inconclusive));
        Assert.That(HostSoakText.Write(unproved), Does.Contain("was NOT found").And.Contain("INCONCLUSIVE"));
        HostSoakSession hung = Session(control: FindingKind.Hang, main: null);
        Assert.That(hung.Code, Is.EqualTo(ExitCode.Inconclusive), "the planted fault does not hang");
        HostSoakSession proved = Session(control: FindingKind.Lost, main: null);
        Assert.That(proved.Code, Is.EqualTo(ExitCode.Success));
        Assert.That(HostSoakText.Write(proved), Does.Contain("was found (lost)").And.Contain("PASS"));
    });

    [Test]
    public void AFindingIsToldWithTheCommandThatDoesTheSameAgain()
    {
        HostSoakSession session = Session(control: FindingKind.Lost, main: FindingKind.Stale);
        Assert.That(session.Code, Is.EqualTo(ExitCode.Found));
        Assert.That(HostSoakText.Write(session), Does.Contain("stale: what was found").And.EndWith($"Again: {Plan.Command}"));
        Assert.That(Plan.Command, Does.StartWith("daxemu soak --mmu host --profile fixed"));
    }

    [Test]
    public void AStampSaysOfWhichFileItIs()
    {
        var first = new PageStamp(PageStamp.Of(5, 1).Word | (1UL << HostSoakFile.PageBits));
        byte[] page = new byte[DaxConstants.PageSize];
        first.Fill(page);
        var same = new PageStamp(PageStamp.Of(5, 2).Word | (1UL << HostSoakFile.PageBits));
        var foreign = new PageStamp(PageStamp.Of(5, 2).Word | (2UL << HostSoakFile.PageBits));
        Assert.Multiple(() =>
        {
            Assert.That(same.Judge(page, out _), Is.EqualTo(FindingKind.Lost));
            Assert.That(foreign.Judge(page, out _), Is.EqualTo(FindingKind.Stale));
        });
    }

    private static HostSoakSession Session(FindingKind? control, FindingKind? main) => HostSoakSession.Run(
        Plan,
        (plan, fault) => new HostSoakReport
        {
            Plan = plan,
            Findings = (fault is null ? main : control) is { } kind ? [new SoakFinding(kind, "what was found")] : [],
        },
        CancellationToken.None);
}
