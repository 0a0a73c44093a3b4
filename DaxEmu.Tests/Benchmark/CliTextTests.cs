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
    [TestCase("4KiB", 4096)]
    [TestCase("1gib", 1L << 30)]
    [TestCase("2MIB", 2 << 20)]
    public void ASizeIsRead(string text, long bytes) => Assert.That(SizeText.Parse(text), Is.EqualTo(bytes));

    [TestCase("")]
    [TestCase("k")]
    [TestCase("4kb")]
    [TestCase("ib")]
    [TestCase("kib")]
    [TestCase("4ib")]
    [TestCase("50%")]
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

    [TestCase("50%", 32 << 20)]
    [TestCase("100%", 64 << 20)]
    [TestCase("1%", 2 << 20, Description = "at least 2 MiB")]
    [TestCase("6m", 6 << 20)]
    public void AShareIsOneOfAWholeInMultiplesOf2MiB(string text, long bytes) => Assert.That(SizeText.ParseShare(text).BytesOf(() => 64L << 20), Is.EqualTo(bytes));

    [TestCase("0%")]
    [TestCase("101%")]
    [TestCase("%")]
    [TestCase("1.5%")]
    public void WhatIsNoShareIsRefused(string text) => Assert.That(() => SizeText.ParseShare(text), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));

    [TestCase("300ms")]
    [TestCase("40ms")]
    [TestCase("2us")]
    [TestCase("50us")]
    [TestCase("30s")]
    [TestCase("8h")]
    [TestCase("90s")]
    [TestCase("5m")]
    public void ADurationIsWrittenAsItIsRead(string text) => Assert.That(DurationText.Format(DurationText.Parse(text)), Is.EqualTo(text));

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
