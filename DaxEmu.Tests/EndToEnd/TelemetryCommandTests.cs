using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary><c>--metrics</c>, <c>--trace</c>, and the programs that .NET has to watch others.</summary>
[NonParallelizable]
public sealed class TelemetryCommandTests
{
    private const string Result = "dax_pmd_fault_done";

    [Test]
    public void ATraceOfARunIsReadByTheAwkScriptOfTheKernelsTestAndByReplay()
    {
        using var scratch = new ScratchDirectory();
        CommandResult run = Command.RunHere("replay", RecordingWithHugeFaults(scratch), "--trace", scratch["run.trace"]);
        Assert.That(run.Code, Is.Zero, run.Error);
        string[] lines = File.ReadAllLines(scratch["run.trace"]);
        string[] results = Command.RunInShell($"awk '/{Result}/ {{ print $21 }}' {scratch["run.trace"]}").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(results, Has.Length.EqualTo(lines.Count(line => line.Contains(Result + ":", StringComparison.Ordinal))).And.Not.Empty);
        Assert.That(results.Except(["NOPAGE", "FALLBACK", "MAJOR|NOPAGE", "SIGBUS"]), Is.Empty);
        CommandResult again = Command.RunHere("replay", scratch["run.trace"]);
        Assert.That(again.Code, Is.Zero, again.Error + again.Output);
    }

    [Test]
    public void CountsArePrintedAtTheEndOfARunAndNotAfterARefusal()
    {
        using var scratch = new ScratchDirectory();
        string recording = RecordingWithHugeFaults(scratch);
        CommandResult run = Command.RunHere("replay", recording, "--metrics");
        Assert.That(run.Error, Does.Match("\ndax_faults_total\\{order=\"pmd\",result=\"[A-Z|]+\"\\} [1-9]").And.EndWith("# EOF\n"));
        Assert.That(Command.RunHere("replay", recording, $"--metrics={scratch["counts"]}").Error, Is.Empty);
        Assert.That(File.ReadAllText(scratch["counts"]), Is.EqualTo(run.Error));
        Assert.That(Command.RunHere("bench", "--engine", "mmf", "--bs", "2m", "--phase", "scan", "--metrics").Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1));
    }

    [Test]
    public void TheProgramsOfDotnetSeeCountersAndEventsOfASoak()
    {
        if (!Effort.IsThorough)
        {
            Assert.Ignore("Two tools are installed, and watch a soak for seconds: DAXEMU_THOROUGH=1 runs it.");
        }

        using var scratch = new ScratchDirectory();
        string tools = scratch["tools"];
        foreach (string tool in (string[])["dotnet-counters", "dotnet-trace"])
        {
            CommandResult installed = Dotnet(scratch, "tool", "install", tool, "--tool-path", tools);
            if (installed.Code != 0)
            {
                Assert.Ignore($"{tool} cannot be installed here: {installed.Output}{installed.Error}");
            }
        }

        string[] soak = ["--", "dotnet", Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), "soak", "--duration", "3s", "--numjobs", "2", "--size", "16m"];
        CommandResult counted = Start(scratch, Path.Combine(tools, "dotnet-counters"), ["collect", "--counters", "DaxEmu", "--format", "csv", "-o", scratch["counts.csv"], .. soak]);
        Assert.That(File.Exists(scratch["counts.csv"]), Is.True, counted.Output + counted.Error);
        Assert.That(File.ReadAllText(scratch["counts.csv"]), Does.Match(@"DaxEmu,dax\.faults .*order=pte;result=NOPAGE.*,Rate,[1-9]"));
        CommandResult traced = Start(scratch, Path.Combine(tools, "dotnet-trace"), ["collect", "--providers", "fs_dax", "-o", scratch["soak.nettrace"], .. soak]);
        Assert.That(File.Exists(scratch["soak.nettrace"]), Is.True, traced.Output + traced.Error);
        Assert.That(File.ReadAllBytes(scratch["soak.nettrace"]).AsSpan().IndexOf(Encoding.Unicode.GetBytes("dax_pte_fault_done")), Is.Positive);
    }

    private static string RecordingWithHugeFaults(ScratchDirectory scratch)
    {
        using ZipArchive recordings = ZipFile.OpenRead(Path.Combine(AppContext.BaseDirectory, "Golden", "Data", "hand.zip"));
        foreach (ZipArchiveEntry entry in recordings.Entries.Where(e => e.Name.EndsWith(".jsonl", StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(entry.Open());
            string text = reader.ReadToEnd();
            if (text.Contains($"\"{Result}\",", StringComparison.Ordinal))
            {
                File.WriteAllText(scratch["recording.jsonl"], text);
                return scratch["recording.jsonl"];
            }
        }

        throw new InvalidOperationException("no recording has a 2 MiB fault.");
    }

    private static CommandResult Dotnet(ScratchDirectory scratch, params string[] arguments) => Start(scratch, "dotnet", arguments);

    private static CommandResult Start(ScratchDirectory scratch, string program, string[] arguments) => Command.End(Process.Start(
        new ProcessStartInfo(program, arguments) { WorkingDirectory = scratch.Directory, RedirectStandardOutput = true, RedirectStandardError = true })!);
}
