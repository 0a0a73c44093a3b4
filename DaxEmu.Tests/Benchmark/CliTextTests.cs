using DaxEmu.Bench.Cli;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

public sealed class CliTextTests
{
    [TestCase("4096", 4096)]
    [TestCase("4k", 4096)]
    [TestCase("2M", 2 << 20)]
    [TestCase("64g", 64L << 30)]
    [TestCase("1T", 1L << 40)]
    [TestCase("0x1000", 4096)]
    [TestCase("0x10k", 16384)]
    public void ASizeIsRead(string text, long bytes) => Assert.That(SizeText.Parse(text), Is.EqualTo(bytes));

    [TestCase("")]
    [TestCase("k")]
    [TestCase("4kb")]
    [TestCase("4 k")]
    [TestCase("-4k")]
    [TestCase("1.5m")]
    [TestCase("9999999t")]
    [TestCase("0")]
    public void WhatIsNoSizeIsRefusedWithTheText(string text) =>
        Assert.That(() => SizeText.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));

    [TestCase(4096, "4k")]
    [TestCase(64L << 30, "64g")]
    [TestCase(4097, "4097")]
    [TestCase(3 << 19, "1536k")]
    public void ASizeIsWritten(long bytes, string text) => Assert.That(SizeText.Format(bytes), Is.EqualTo(text));

    [TestCase("500ms", 0.5)]
    [TestCase("30s", 30)]
    [TestCase("1.5m", 90)]
    [TestCase("8h", 28800)]
    [TestCase("2", 2)]
    public void ADurationIsRead(string text, double seconds) => Assert.That(DurationText.Parse(text).TotalSeconds, Is.EqualTo(seconds));

    [TestCase("")]
    [TestCase("s")]
    [TestCase("-1s")]
    [TestCase("10 years")]
    public void WhatIsNoDurationIsRefused(string text) =>
        Assert.That(() => DurationText.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));
}
