using DaxEmu.Core;
using DaxEmu.Core.Pmem.Media;
using DaxEmu.Native;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem.Media;

public sealed class MediaProfileTests
{
    [Test]
    public void AFileHasTheFiguresOfAMedium()
    {
        MediaProfile profile = Load("""
            {
              "name": "slow", "read_ns": 300, "sequential_read_ns": 170, "write_ns": 90, "flush_ns": 60, "fence_ns": 30,
              "read_bytes_per_second": 6600000000, "write_bytes_per_second": 2300000000, "line_bytes": 256, "eadr": true // as in a comment
            }
            """);
        Assert.That(profile, Is.EqualTo(new MediaProfile
        {
            Name = "slow",
            ReadNs = 300,
            SequentialReadNs = 170,
            WriteNs = 90,
            FlushNs = 60,
            FenceNs = 30,
            ReadBytesPerSecond = 6_600_000_000,
            WriteBytesPerSecond = 2_300_000_000,
            LineBytes = 256,
            HasEadr = true,
        }));
    }

    [Test]
    public void WhatAFileLeavesAwayAddsNothing() =>
        Assert.That(Load("{ \"read_ns\": 100 }"), Is.EqualTo(new MediaProfile { Name = "medium", ReadNs = 100, SequentialReadNs = 100 }));

    [TestCase("{ \"read_ns\": -1 }", "read_ns is -1; a latency is a whole number of nanoseconds from 0 to 1000000000.")]
    [TestCase("{ \"read_ns\": 1000000001 }", "read_ns is 1000000001; a latency")]
    [TestCase("{ \"read_ns\": 1.5 }", "read_ns is 1.5; give a whole number.")]
    [TestCase("{ \"read_ns\": \"300\" }", "read_ns is \"300\"; give a whole number.")]
    [TestCase("{ \"write_bytes_per_second\": 5 }", "write_bytes_per_second is 5; a bandwidth is 0 for no limit, or at least 1000000 bytes a second.")]
    [TestCase("{ \"line_bytes\": 100 }", "line_bytes is 100; a medium's line is a power of two from 64 to 4096 bytes.")]
    [TestCase("{ \"line_bytes\": 4294967552 }", "line_bytes is 4294967552; a medium's line")]
    [TestCase("{ \"eadr\": 1 }", "eadr is 1; give true or false.")]
    [TestCase("{ \"name\": \"\" }", "name is \"\"; give a text")]
    [TestCase("{ \"reed_ns\": 1 }", "there is no member 'reed_ns'. The members are name, read_ns,")]
    [TestCase("{ \"read_ns\": 1, \"read_ns\": 2 }", "the member 'read_ns' is there twice. Leave one away.")]
    [TestCase("[1]", "is not a medium: it holds no JSON object.")]
    [TestCase("{ \"read_ns\": 1\n,, }", "line 2: this is not JSON.")]
    [TestCase("", "line 1: this is not JSON.")]
    public void AFileThatIsNoMediumIsRefusedWithItsNameAndARemedy(string content, string refusal)
    {
        FormatException? thrown = Assert.Throws<FormatException>(() => Load(content));
        Assert.That(thrown!.Message, Does.Contain("medium.json").And.Contain(refusal));
        Assert.That(thrown.Message, Does.Not.Contain('\n').And.Not.Contain("Parameter"));
    }

    [Test]
    public void AFileThatIsNotThereIsRefused() =>
        Assert.That(() => MediaProfile.Load("missing.json"), Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains("missing.json"));

    [Test]
    public void AHugeFileIsNotReadToItsEnd() =>
        Assert.That(() => MediaProfile.Load("/dev/zero"), Throws.InstanceOf<FormatException>().With.Message.Contains("/dev/zero"));

    [Test]
    public void ThePageOfMediaNamesTheFiguresOfThePresets()
    {
        string page = File.ReadAllText(Path.Combine(Solution.Root, "docs", "media.md"));
        foreach (MediaProfile p in (MediaProfile[])[MediaProfile.Optane, MediaProfile.Cxl, MediaProfile.Dram])
        {
            string row = FormattableString.Invariant(
                $"| `{p.Name}` | {p.ReadNs} | {p.SequentialReadNs} | {p.WriteNs} | {p.FlushNs} | {p.FenceNs} | {Rate(p.ReadBytesPerSecond)} | {Rate(p.WriteBytesPerSecond)} | {p.LineBytes} | {(p.HasEadr ? "on" : "off")} |");
            Assert.That(page, Does.Contain(row));
        }
    }

    [Test]
    public void ACalibrationTakesTheOverheadOffAndReportsWhatIsReached()
    {
        MediaCalibration steady = MediaCalibration.Measure((target, overhead) => target + 80 - overhead);
        Assert.That((steady.OverheadNs, steady.Problem), Is.EqualTo((80L, (string?)null)));
        Assert.That(steady.Delays.Select(d => d.ReachedNs), Is.EqualTo(steady.Delays.Select(d => (double)d.TargetNs)));
    }

    [Test]
    public void ACalibrationThatVariesSaysSo()
    {
        int call = 0;
        MediaCalibration shaken = MediaCalibration.Measure((target, overhead) => target + ((call++ % 4) * 200));
        Assert.That(shaken.Problem, Does.Contain("delays of 100 ns differ by"));
    }

    private static string Rate(long bytesPerSecond) => bytesPerSecond == 0 ? "-" : FormattableString.Invariant($"{bytesPerSecond / 1e9:0.0}");

    private static MediaProfile Load(string content)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["medium.json"], content);
        return MediaProfile.Load(scratch["medium.json"]);
    }
}
