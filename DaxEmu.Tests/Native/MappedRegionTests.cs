using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class MappedRegionTests
{
    private const long TwoMegabytes = 2 << 20;

    [Test]
    public void EveryBaseIsAlignedToTwoMegabytes()
    {
        for (int count = 1; count <= 20; count++)
        {
            using MappedRegion region = MappedRegion.MapAnonymous(count * 4096, "test");

            Assert.That(region.Base % TwoMegabytes, Is.Zero);
            region.Span(0, count * 4096).Fill(1);
        }
    }

    [Test]
    public void AFileOfManyGigabytesIsReachedAtBothEnds()
    {
        const long Size = 8L << 30;
        using ScratchDirectory scratch = new();
        using DeviceFile file = DeviceFile.Create(scratch["big"], Size, sparse: true);
        using MappedRegion region = MappedRegion.MapFile(file.Handle, Size, synchronous: false, file.Path);

        region.Span(0, 8).Fill(0x11);
        region.Span(Size - 8, 8).Fill(0x22);

        Assert.That(region.LengthBytes, Is.EqualTo(Size));
        Assert.That(region.Base % TwoMegabytes, Is.Zero);
        using FileStream reader = new(scratch["big"], FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        Assert.That(reader.ReadByte(), Is.EqualTo(0x11));
        reader.Seek(-1, SeekOrigin.End);
        Assert.That(reader.ReadByte(), Is.EqualTo(0x22));
    }

    [TestCase(-1, 1)]
    [TestCase(0, -1)]
    [TestCase(4096, 1)]
    [TestCase(4097, 0)]
    [TestCase(1, 4096)]
    [TestCase(long.MaxValue, int.MaxValue)]
    public void ASpanThatLeavesTheRegionIsRefused(long offset, int length)
    {
        using MappedRegion region = MappedRegion.MapAnonymous(4096, "test");

        Assert.That(() => region.Span(offset, length).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TheLastByteAndTheEmptyEndAreInside()
    {
        using MappedRegion region = MappedRegion.MapAnonymous(4096, "test");

        Assert.That(region.Span(4095, 1).Length, Is.EqualTo(1));
        Assert.That(region.Span(4096, 0).Length, Is.Zero);
    }

    [Test]
    public void ADisposedRegionGivesNoSpan()
    {
        MappedRegion region = MappedRegion.MapAnonymous(4096, "test");
        region.Dispose();

        Assert.That(() => region.Span(0, 1).Length, Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void AReferenceKeepsDisposedMemoryMapped()
    {
        MappedRegion region = MappedRegion.MapAnonymous(4096, "test");
        bool added = false;
        region.DangerousAddRef(ref added);
        nint address = region.Base;
        region.Dispose();

        Assert.That(IsMapped(address), Is.True, "the reference must hold the mapping");
        region.DangerousRelease();
        Assert.That(IsMapped(address), Is.False, "the last reference must end the mapping");
    }

    [TestCase(0, 0)]
    [TestCase(0, 1)]
    [TestCase(4095, 2)]
    [TestCase(5000, 3192)]
    public void SynchronizeTakesRangesThatAreNotPages(long offset, long length)
    {
        using ScratchDirectory scratch = new();
        using DeviceFile file = DeviceFile.Create(scratch["file"], 8192, sparse: false);
        using MappedRegion region = MappedRegion.MapFile(file.Handle, 8192, synchronous: false, file.Path);

        Assert.That(() => region.Synchronize(offset, length), Throws.Nothing);
        Assert.That(() => region.Synchronize(offset, 8193 - offset), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AnImpossibleSizeNamesItAndLeavesNothingMapped()
    {
        Assert.That(
            () => MappedRegion.MapAnonymous(1L << 60, "the test"),
            Throws.InstanceOf<DaxEmu.Native.DaxEnvironmentException>()
                .With.Message.Contains((1L << 60).ToString(System.Globalization.CultureInfo.InvariantCulture))
                .And.Message.Contains("the test"));
    }

    private static bool IsMapped(nint address)
    {
        foreach (string line in File.ReadLines("/proc/self/maps"))
        {
            string[] ends = line[..line.IndexOf(' ', StringComparison.Ordinal)].Split('-');
            if (address >= Convert.ToInt64(ends[0], 16) && address < Convert.ToInt64(ends[1], 16))
            {
                // Without any right it is what tests keep of memory that was unmapped.
                return !line.Contains(" ---p ", StringComparison.Ordinal);
            }
        }

        return false;
    }
}
