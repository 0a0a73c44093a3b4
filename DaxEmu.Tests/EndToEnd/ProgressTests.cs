using System.Diagnostics;
using System.Text;
using System.Text.Json;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>Long work shows itself: on a terminal by a line that goes away, elsewhere when it is asked.</summary>
[Parallelizable(ParallelScope.Self)] // processes of their own, which mostly wait
public sealed class ProgressTests
{
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(40);
    private static readonly string[] Short = ["policies", "--rounds", "3", "--runtime", "20ms", "--numjobs", "1"];

    [Test]
    public void AtEachIntervalThereIsALineOfJsonOnStandardErrorAndOneDocumentOnStandardOutput()
    {
        CommandResult result = Command.Run([.. Short, "--status-interval", "50ms", "--output-format=json"]);
        Assert.That(result.Code, Is.Zero, result.Error);
        using var document = JsonDocument.Parse(result.Output);
        Assert.That(result.ErrorLines, Has.Length.GreaterThan(1));
        double last = 0;
        foreach (string line in result.ErrorLines)
        {
            using var status = JsonDocument.Parse(line);
            Assert.That(status.RootElement.GetProperty("status").GetString(), Is.Not.Empty);
            Assert.That(status.RootElement.GetProperty("done").GetDouble(), Is.InRange(0, 1));
            Assert.That(status.RootElement.GetProperty("elapsed_s").GetDouble(), Is.GreaterThanOrEqualTo(last));
            last = status.RootElement.GetProperty("elapsed_s").GetDouble();
        }
    }

    [TestCase("auto", true)]
    [TestCase("never", false)]
    public void OnATerminalProgressAppearsAndDisappears(string eta, bool isShown)
    {
        if (!File.Exists("/usr/bin/script"))
        {
            Assert.Ignore("there is no script(1), which gives a program a terminal");
        }

        string line = $"stty cols 70; dotnet '{Path.Combine(AppContext.BaseDirectory, "daxemu.dll")}' {string.Join(' ', Short)} --eta {eta}";
        CommandResult result = Command.End(Process.Start(new ProcessStartInfo("script", ["-qec", line, "/dev/null"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            Environment = { ["SHELL"] = "/bin/sh" },
        })!);
        Assert.That(result.Code, Is.Zero, result.Output);
        Assert.That(result.Output.Contains(" left] ", StringComparison.Ordinal), Is.EqualTo(isShown), result.Output);
        if (isShown)
        {
            string blank = "\r" + new string(' ', 69) + "\r";
            int last = result.Output.LastIndexOf(" left] ", StringComparison.Ordinal);
            Assert.That(result.Output.IndexOf(blank, last, StringComparison.Ordinal), Is.GreaterThan(0), "nothing of it stays");
            Assert.That(result.Output.IndexOf("faults/s", last, StringComparison.Ordinal), Is.GreaterThan(result.Output.IndexOf(blank, last, StringComparison.Ordinal)));
        }
    }

    [Test]
    public void ASoakSaysHowItIsAtTheSignalUsr1AndGoesOn()
    {
        using Process process = Command.Start("soak", "--runtime", "10m", "--size", "16m", "--numjobs", "2");
        var error = new StringBuilder();
        process.ErrorDataReceived += (_, line) =>
        {
            lock (error)
            {
                error.Append(line.Data).Append('\n');
            }
        };
        process.BeginErrorReadLine();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        bool isRunning = SpinWait.SpinUntil(() => HasHandler(process.Id), Most);
        bool hasSaid = SpinWait.SpinUntil(
            () =>
            {
                Send("-USR1", process);
                Thread.Sleep(200);
                return ErrorText().Contains(" operations in ", StringComparison.Ordinal);
            },
            Most);
        bool goesOn = !process.HasExited;
        Send("-TERM", process);
        if (!process.WaitForExit(Most))
        {
            process.Kill();
        }

        process.WaitForExit();
        Assert.That((isRunning, hasSaid, goesOn), Is.EqualTo((true, true, true)), ErrorText());
        string line = ErrorText().Split('\n').First(l => l.Contains(" operations in ", StringComparison.Ordinal));
        Assert.That(line, Does.StartWith("daxemu: [").And.Contain("MiB resident").And.Match("no thread waits|the oldest"));
        Assert.That(process.ExitCode, Is.EqualTo(124));
        Assert.That(output.Result, Does.Contain("operations by"));

        string ErrorText()
        {
            lock (error)
            {
                return error.ToString();
            }
        }
    }

    // USR1 ends a process that has no handler for it yet.
    private static bool HasHandler(int process)
    {
        string? line = File.Exists($"/proc/{process}/status") ? File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("SigCgt:", StringComparison.Ordinal)) : null;
        return line is not null && (Convert.ToUInt64(line["SigCgt:".Length..].Trim(), 16) >> 9 & 1) != 0;
    }

    private static void Send(string signal, Process process)
    {
        using Process kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
