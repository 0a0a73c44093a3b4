using System.Diagnostics;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting;
using DaxEmu.Bench.Reporting.Pages;
using DaxEmu.Tests.Documents;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;
using SkiaSharp;

namespace DaxEmu.Tests.Reporting;

/// <summary><c>daxemu report</c>: what it reads, what it refuses, what it writes.</summary>
[NonParallelizable]
public sealed class ReportCommandTests
{
    private const int TerminalColumns = 80;

    [TestCase("", "not JSON")]
    [TestCase("hello", "line 1")]
    [TestCase("{", "not JSON")]
    [TestCase("{\"fio version\":\"daxemu-1\",\"jobs\":[", "not JSON")]
    [TestCase("{}", "not what a verb")]
    [TestCase("[]", "not what a verb")]
    [TestCase("[1]", "not what a verb")]
    [TestCase("\"text\"", "not what a verb")]
    [TestCase("{\"fio version\":\"fio-3.33\",\"timestamp\":1,\"timestamp_ms\":1,\"time\":\"\",\"jobs\":[{\"jobname\":\"j\"}]}", "'daxemu bench'")]
    [TestCase("{\"operations_by_kind\":7}", "'daxemu soak'")]
    [TestCase("{\"operations_by_kind\":null}", "'daxemu soak'")]
    [TestCase("[{\"policy\":\"a\",\"threads\":\"x\"}]", "'daxemu policies'")]
    public void WhatIsNotTheCommandsJsonGetsOneLineAndTwo(string content, string expected)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["d.json"], content);
        CommandResult result = Command.RunHere("report", scratch["d.json"]);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(result.Error, Does.StartWith("daxemu: d.json: ").And.Contain(expected));
    }

    [Test]
    public void AFileThatIsMissingEndsWithThreeAndNothingIsWritten()
    {
        using var scratch = new ScratchDirectory();
        CommandResult missing = Command.RunHere("report", scratch["none.json"], "-o", scratch["out.html"]);
        Assert.That(missing.Code, Is.EqualTo(3));
        Assert.That(missing.ErrorLines, Has.Length.EqualTo(1));
        Assert.That(scratch.Names, Is.Empty);
    }

    [Test]
    public void TheFormatIsThatOfTheEndingOrTheOneAskedFor()
    {
        using var scratch = new ScratchDirectory();
        Write(scratch["d.json"], "crash", node => node["shard"] = null);
        Assert.That(Command.RunHere("report", scratch["d.json"]).Output, Does.StartWith("# daxemu report\n"));
        Assert.That(Command.RunHere("report", scratch["d.json"], "--format", "html").Output, Does.StartWith("<!DOCTYPE html>"));
        Assert.That(Command.RunHere("report", scratch["d.json"], "-o", scratch["o.html"]).Output, Is.Empty);
        Assert.That(File.ReadAllText(scratch["o.html"]), Does.StartWith("<!DOCTYPE html>"));
        Command.RunHere("report", scratch["d.json"], "-o", scratch["o.md"]);
        Assert.That(File.ReadAllText(scratch["o.md"]), Does.StartWith("# daxemu report\n"));
        Command.RunHere("report", scratch["d.json"], "-o", scratch["o.html"], "--format", "markdown");
        Assert.That(File.ReadAllText(scratch["o.html"]), Does.StartWith("# daxemu report\n"));
    }

    [Test]
    public void ARunThatTheCommandMadeIsComparedOnEightyColumns()
    {
        using var scratch = new ScratchDirectory();
        string[] line = ["bench", "--size", "8m", "--numjobs", "2", "--bs", "4k", "--phase", "refault", "--rw", "randwrite,write", "--runtime", "1ms", "--ramp-time", "1ms", "--engine", "emu,locked-radix,floor", "--output-format=json"];
        File.WriteAllText(scratch["a.json"], Command.RunHere(line).Output);
        File.Copy(scratch["a.json"], scratch["b.json"]);
        CommandResult result = Command.RunHere("report", scratch["a.json"], scratch["b.json"]);
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("## Comparison: a.json and b.json").And.Contain("locked-radix and floor").And.Contain("## Benchmark: b.json").And.Contain("emu: no difference"));
        Assert.That(result.Output, Does.Not.Contain("bins"));
        Assert.That(result.Output, Does.Not.Contain("environments differ"));
        Assert.That(result.Output.Split('\n').Where(l => l.StartsWith('|') && l.Length > TerminalColumns), Is.Empty);

        JsonNode other = JsonNode.Parse(File.ReadAllText(scratch["b.json"]))!;
        other["environment"]!["cpu_model"] = "Another";
        other["global options"]!["size"] = 16 << 20;
        File.WriteAllText(scratch["c.json"], other.ToJsonString());
        string warned = Command.RunHere("report", scratch["a.json"], scratch["c.json"]).Output;
        Assert.That(warned, Does.Match(@"\*\*Warning:\*\* The environments differ.*the processor \(.*, Another\)").And.Match(@"the device's size \(8m, 16m\)"));

        CommandResult groups = Command.RunHere("report", "--repeats", "2", scratch["a.json"], scratch["b.json"]);
        Assert.That((groups.Code, groups.ErrorLines.Length), Is.EqualTo((2, 1)), "two files are one group of two");
    }

    [TestCase("check", "scenarios_checked", "scenarios_in_all")]
    [TestCase("crash", "cases", "cases_of_all_shards")]
    [TestCase("soak", "operations", null)]
    public void ShardsAddUpAndThoseThatAreMissingOrDoubledAreNamed(string kind, string counted, string? all)
    {
        using var scratch = new ScratchDirectory();
        foreach ((string name, int index) in ((string, int)[])[("a", 1), ("b", 2), ("c", 4), ("d", 2), ("e", 8)])
        {
            Write(scratch[name + ".json"], kind, node =>
            {
                node["shard"] = new JsonObject { ["index"] = index, ["count"] = 8 };
                node[counted] = 1000 + index;
                node["outcome"] = kind == "check" ? "pass" : "clean";
                if (kind == "crash")
                {
                    node.Remove("outcome");
                    node["failures"] = new JsonArray();
                }
                if (all is not null)
                {
                    node[all] = 7777;
                }
            });
        }

        string page = Command.RunHere("report", scratch["a.json"], scratch["b.json"], scratch["c.json"], scratch["d.json"], scratch["e.json"]).Output;
        Assert.That(page, Does.Contain("of 8 shards 3, 5 to 7 are missing"));
        Assert.That(page, Does.Contain("shard 2 of 8 is there more than once (b.json, d.json), and counts once"));
        Assert.That(page, Does.Contain("| 4 of 8 shards ").And.Contain(" 4,015 |").And.Contain("incomplete"));
        if (all is not null)
        {
            Assert.That(page, Does.Contain("7,777"));
        }
    }

    [Test]
    public void AShardThatCannotBeEndsWithTwo()
    {
        using var scratch = new ScratchDirectory();
        Write(scratch["a.json"], "check", node => node["shard"] = new JsonObject { ["index"] = 3, ["count"] = int.MaxValue });
        CommandResult result = Command.RunHere("report", scratch["a.json"]);
        Assert.That((result.Code, result.ErrorLines.Length), Is.EqualTo((2, 1)), result.Error);
        Assert.That(result.Error, Does.Contain("a.json").And.Contain("3/2147483647"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void ABrowserShowsThePageInBothColourSchemes(bool isDark)
    {
        string? browser = ((string[])["chromium", "chromium-browser", "google-chrome"]).Select(n => Bench.Cli.ProgramOutput.Find(n, Environment.GetEnvironmentVariable("PATH"))).FirstOrDefault(p => p is not null);
        if (browser is null)
        {
            Assert.Ignore("there is no Chromium: install it to see the page in a browser");
        }

        if (isDark && !Effort.IsThorough)
        {
            Assert.Ignore("a browser takes seconds to start: set DAXEMU_THOROUGH=1 to see the dark page, too");
        }

        using var scratch = new ScratchDirectory(Path.GetTempPath());
        File.WriteAllText(scratch["page.html"], HtmlText.Write("t", ReportPage.Of([PageTests.FileOf("policies", new DocumentFiller(() => "a policy", () => 17))], repeats: 1)));
        string[] arguments =
        [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            $"--user-data-dir={scratch["profile"]}", "--window-size=1000,900", $"--screenshot={scratch["page.png"]}", .. isDark ? ["--blink-settings=preferredColorScheme=0"] : Array.Empty<string>(), "file://" + scratch["page.html"],
        ];
        using Process process = Process.Start(new ProcessStartInfo(browser!, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        Assert.That(File.Exists(scratch["page.png"]), Is.True, error.Result);
        using var shown = SKBitmap.Decode(scratch["page.png"]);
        Assert.That(shown.GetPixel(2, 2).Red, isDark ? Is.LessThan(40) : Is.GreaterThan(240), "the page's background");
        SKColor[] colours = [.. shown.Pixels.Distinct()];
        SKColor bar = new(0x1f, 0x77, 0xb4);
        Assert.That(colours, Does.Contain(bar), "the plot is shown");
        int outside = Enumerable.Range(0, shown.Height).Count(y => shown.GetPixel(shown.Width - 20, y) == bar);
        Assert.That(outside, Is.Zero, "the plot fits the window");
    }

    private static void Write(string path, string kind, Action<JsonObject> change)
    {
        JsonObject node = new DocumentFiller(() => "t", () => 1).Make(DocumentKind.All.First(k => k.Name == kind)).AsObject();
        change(node);
        File.WriteAllText(path, node.ToJsonString());
    }
}
