using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DirectAccessTests : IDisposable
{
    private const long PageCount = 1024;

    private readonly PmemDevice device = PmemDevice.CreateInMemory(PageCount * DaxConstants.PageSize);

    public void Dispose() => device.Dispose();

    [TestCase(0, 1, 1)]
    [TestCase(0, 1024, 1024)]
    [TestCase(1000, 100, 24)]
    [TestCase(1023, long.MaxValue, 1)]
    public void TheAnswerEndsWhereTheRequestOrTheDeviceEnds(long first, long asked, long given)
    {
        DirectAccess access = device.DirectAccess(new Pfn(first), asked);

        Assert.That(access.PageCount, Is.EqualTo(given));
        Assert.That(access.First, Is.EqualTo(new Pfn(first)));
        Assert.That(access.IsPoisoned, Is.False);
        Assert.That(access.Span.Length, Is.EqualTo(given * 4096));
    }

    [Test]
    public void TheSpanIsTheMemoryOfThePages()
    {
        device.DirectAccess(new Pfn(7), 2).Span.Fill(3);
        device.DirectAccess(new Pfn(7), 2).Slice(4096, 1)[0] = 4;

        Assert.That(device.ByteAt(7 * 4096), Is.EqualTo(3));
        Assert.That(device.ByteAt(8 * 4096), Is.EqualTo(4));
        Assert.That(device.ByteAt((7 * 4096) - 1), Is.Zero);
        Assert.That(device.ByteAt(9 * 4096), Is.Zero);
    }

    [Test]
    public void TheAnswerStopsBeforeAPoisonedPage()
    {
        device.PoisonList.Mark(new Pfn(10));

        DirectAccess before = device.DirectAccess(new Pfn(8), 5);
        DirectAccess at = device.DirectAccess(new Pfn(10), 5);
        DirectAccess behind = device.DirectAccess(new Pfn(11), 5);

        Assert.That((before.PageCount, before.IsPoisoned), Is.EqualTo((2L, false)));
        Assert.That((at.PageCount, at.IsPoisoned), Is.EqualTo((0L, true)));
        Assert.That(at.Span.Length, Is.Zero);
        Assert.That((behind.PageCount, behind.IsPoisoned), Is.EqualTo((5L, false)));
    }

    [Test]
    public void ARecoveryWriteIsGivenPoisonedPages()
    {
        device.PoisonList.Mark(new Pfn(10));

        DirectAccess access = device.DirectAccess(new Pfn(8), 5, DirectAccessMode.RecoveryWrite);

        Assert.That((access.PageCount, access.IsPoisoned), Is.EqualTo((5L, false)));
    }

    [TestCase(-1, 1)]
    [TestCase(PageCount, 1)]
    [TestCase(0, 0)]
    [TestCase(0, -1)]
    public void AnImpossibleRequestIsRefused(long first, long pageCount) => Assert.That(
        () => device.DirectAccess(new Pfn(first), pageCount).PageCount, Throws.InstanceOf<ArgumentOutOfRangeException>());

    [TestCase(-1, 1)]
    [TestCase(0, 8193)]
    [TestCase(8192, 1)]
    [TestCase(long.MaxValue, 1)]
    public void ASliceOutsideTheAnswerIsRefused(long offset, int length) => Assert.That(
        () => device.DirectAccess(new Pfn(0), 2).Slice(offset, length).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void MoreThanASpanHoldsIsTakenInParts()
    {
        using PmemDevice large = PmemDevice.CreateInMemory(4L << 30);
        DirectAccess access = large.DirectAccess(new Pfn(0), large.PageCount);

        Assert.That(() => access.Span.Length, Throws.InvalidOperationException.With.Message.Contains("4294967296"));
        access.Slice((4L << 30) - 1, 1)[0] = 1;
        Assert.That(large.ByteAt((4L << 30) - 1), Is.EqualTo(1));
    }
}
