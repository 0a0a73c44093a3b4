using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class NativeArrayTests
{
    [Test]
    public void AnElementBeyondTwoGigabytesIsReachedByALongIndex()
    {
        const long Length = 1L << 30;
        using ReservedRegion region = ReservedRegion.Reserve(Length * sizeof(ulong));
        NativeArray<ulong> array = new(region, 0, Length);

        array[0] = 1;
        array[Length - 1] = 2;
        array.Unchecked(Length / 2) = 3;

        Assert.That(array[0], Is.EqualTo(1));
        Assert.That(array.Slice(Length - 2, 2).ToArray(), Is.EqualTo(new ulong[] { 0, 2 }));
        Assert.That(array[Length / 2], Is.EqualTo(3));
    }

    [TestCase(-1)]
    [TestCase(10)]
    [TestCase(long.MinValue)]
    [TestCase(long.MaxValue)]
    public void AnIndexOutsideIsRefused(long index)
    {
        using ReservedRegion region = ReservedRegion.Reserve(4096);

        Assert.That(() => new NativeArray<int>(region, 0, 10)[index], Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(-1, 1)]
    [TestCase(0, 11)]
    [TestCase(10, 1)]
    [TestCase(11, 0)]
    [TestCase(5, -1)]
    [TestCase(long.MaxValue, int.MaxValue)]
    public void ASliceOutsideIsRefused(long start, int length)
    {
        using ReservedRegion region = ReservedRegion.Reserve(4096);

        Assert.That(
            () => new NativeArray<int>(region, 0, 10).Slice(start, length).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0, 513)]
    [TestCase(8, 512)]
    [TestCase(4096, 1)]
    [TestCase(4104, 0)]
    [TestCase(-8, 1)]
    [TestCase(0, long.MaxValue)]
    [TestCase(4, 1)]
    public void AViewThatLeavesItsRegionIsRefused(long offset, long length)
    {
        using ReservedRegion region = ReservedRegion.Reserve(4096);

        Assert.That(() => new NativeArray<ulong>(region, offset, length).Length, Throws.InstanceOf<ArgumentException>());
    }

    [Test]
    public void TwoViewsOfOneRegionStandSideBySide()
    {
        using ReservedRegion region = ReservedRegion.Reserve(4096);
        NativeArray<ulong> first = new(region, 0, 256);
        NativeArray<ulong> second = new(region, 2048, 256);

        first.Slice(0, 256).Fill(7);

        Assert.That(second.Slice(0, 256).ToArray(), Is.All.Zero);
        Assert.That(default(NativeArray<ulong>).Length, Is.Zero);
    }
}
