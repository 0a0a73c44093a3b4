using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

public sealed class CopyAroundTests
{
    private const long Page = DaxConstants.PageSize;

    private static readonly Extent Fresh = new(new PageIndex(10), 4, ExtentKind.Mapped, new Pfn(100), ExtentFlags.New);
    private static readonly Extent Old = new(new PageIndex(10), 4, ExtentKind.Mapped, new Pfn(500), ExtentFlags.Shared);
    private static readonly ExtentAnswer Copy = new(Fresh, Old, IoError.None);

    [Test]
    public void AWriteInOnePageBringsBothSidesOfIt()
    {
        CopyAround around = CopyAround.Write(Copy, (11 * Page) + 100, 50);
        Assert.That(around.Head, Is.EqualTo(new CopyPart(101 * Page, 501 * Page, 100)));
        Assert.That(around.Tail, Is.EqualTo(new CopyPart((101 * Page) + 150, (501 * Page) + 150, Page - 150)));
    }

    [Test]
    public void AWriteOverPagesBringsTheFirstsHeadAndTheLastsTail()
    {
        CopyAround around = CopyAround.Write(Copy, (10 * Page) + 1, (2 * Page) + 6);
        Assert.That(around.Head, Is.EqualTo(new CopyPart(100 * Page, 500 * Page, 1)));
        Assert.That(around.Tail, Is.EqualTo(new CopyPart((102 * Page) + 7, (502 * Page) + 7, Page - 7)));
    }

    [Test]
    public void AWriteOfWholePagesBringsNothing()
    {
        CopyAround around = CopyAround.Write(Copy, 10 * Page, 4 * Page);
        Assert.That((around.Head.IsEmpty, around.Tail.IsEmpty), Is.EqualTo((true, true)));
    }

    [TestCase(ExtentKind.Hole)]
    [TestCase(ExtentKind.Unwritten)]
    public void WhatWasNeverWrittenBringsZeroes(ExtentKind kind)
    {
        var answer = new ExtentAnswer(Fresh, Old with { Kind = kind, Flags = ExtentFlags.None }, IoError.None);
        CopyAround around = CopyAround.Write(answer, (11 * Page) + 100, 50);
        Assert.That((around.Head.IsZero, around.Head.LengthBytes), Is.EqualTo((true, 100L)));
        Assert.That((around.Tail.IsZero, around.Tail.LengthBytes), Is.EqualTo((true, Page - 150)));
    }

    [Test]
    public void WhatIsNoCopyBringsNothing()
    {
        var answer = ExtentAnswer.Of(Fresh);
        Assert.That(CopyAround.Write(answer, (11 * Page) + 100, 50), Is.EqualTo(default(CopyAround)));
    }

    [Test]
    public void BytesOutsideTheAnswerAreRefused() =>
        Assert.That(() => CopyAround.Write(Copy, 13 * Page, Page + 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
}
