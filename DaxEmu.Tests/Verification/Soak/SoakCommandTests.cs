using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>The verb in a process of its own: what it refuses, and what is left when it is stopped or killed.</summary>
public sealed class SoakCommandTests
{
    // One thread cannot hang under any profile, and the control's own needs no control: it runs until it is stopped.
    private static readonly string[] Endless = ["soak", "--profile", "v4.20", "--numjobs", "1", "--size", "16m", "--duration", "8h", "--output-format=json"];

    [TestCase("--numjobs", "1025", "1024")]
    [TestCase("--size", "8m", "16m")]
    [TestCase("--size", "17m", "multiple of 2m")]
    [TestCase("--duration", "long", "30s")]
    public void AWrongValueGetsOneLineThatNamesTheRemedy(string option, string value, string expected)
    {
        using Process process = Start("soak", option, value);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(2));
        Assert.That(error, Does.StartWith("daxemu: ").And.Contain(value).And.Contain(expected));
    }

    [Test]
    public void AKilledSoakLeavesNothing()
    {
        using var scratch = new ScratchDirectory();
        using Process process = Start([.. Endless, "--filename", scratch["device"]]);
        AwaitMapping(process, scratch["device"]);
        process.Kill();
        process.WaitForExit();
        Assert.That(scratch.Names, Is.Empty);
        string mine = $"daxemu-{process.Id}-";
        Assert.That(Directory.EnumerateFiles("/dev/shm").Where(f => f.Contains(mine, StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void ATerminatedSoakReportsAndLeavesNothing()
    {
        using var scratch = new ScratchDirectory();
        using Process process = Start([.. Endless, "--filename", scratch["device"]]);
        AwaitMapping(process, scratch["device"]);
        using (Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.EqualTo(124));
        using var document = JsonDocument.Parse(output);
        Assert.That(document.RootElement.GetProperty("outcome").GetString(), Is.EqualTo("stopped"));
        Assert.That(document.RootElement.GetProperty("machine").GetProperty("cpus").GetInt32(), Is.Positive);
        Assert.That(scratch.Names, Is.Empty);
    }

    // Its name is gone at once, so what shows that it works is the mapping.
    private static void AwaitMapping(Process process, string path) => Assert.That(
        SpinWait.SpinUntil(() => File.ReadAllText($"/proc/{process.Id}/maps").Contains(path, StringComparison.Ordinal), TimeSpan.FromSeconds(60)),
        "the soak has begun");

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "daxemu.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
