using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

public sealed class VmaViewTests
{
    [Test]
    public void ASpanIsTheDevicesMemory()
    {
        using var fixture = new FaultFixture();
        using var view = new DaxView(fixture.Loop, fixture.Map());
        view.Write(5000, 10_000).Fill(7);
        Assert.That(fixture.Device.GetSpan(new Pfn(512), 8)[4999..15_001].ToArray(), Is.EqualTo((byte[])[0, .. Enumerable.Repeat((byte)7, 10_000), 0]));
        Assert.That(view.Read(14_999, 2).ToArray(), Is.EqualTo((byte[])[7, 0]));
        Assert.That(fixture.Mapping.Entries[new PageIndex(1)].Entry.IsDirty);
    }

    [Test]
    public void TwoViewsOfOneFileSeeTheSameBytes()
    {
        using var fixture = new FaultFixture();
        using var first = new DaxView(fixture.Loop, fixture.Map());
        using var second = new DaxView(fixture.Loop, fixture.Map(first: 100, pageCount: 50, lead: 3));
        first.Write((100 * 4096) + 17, 1)[0] = 9;
        Assert.That(second.Read(17, 1)[0], Is.EqualTo(9));
    }

    [Test]
    public void APrivateViewKeepsItsWritesToItself()
    {
        using var fixture = new FaultFixture();
        using var shared = new DaxView(fixture.Loop, fixture.Map());
        using var own = new DaxView(fixture.Loop, fixture.Map(MapMode.Private));
        shared.Write(4096, 1)[0] = 1;
        Assert.That(own.Read(4096, 1)[0], Is.EqualTo(1));
        own.Write(4096, 1)[0] = 2;
        Assert.That((shared.Read(4096, 1)[0], own.Read(4096, 1)[0]), Is.EqualTo(((byte)1, (byte)2)));
        own.Write(4096 * 2, 4096 * 3).Fill(5);
        Assert.That(own.Read(4096, 4096 * 4)[4096..].ToArray(), Is.All.EqualTo(5), "copies of neighbouring pages are neighbours");
    }

    [Test]
    public void BytesThatDoNotLieInOnePieceAreGivenPieceByPiece()
    {
        using var fixture = new FaultFixture();
        using var own = new DaxView(fixture.Loop, fixture.Map(MapMode.Private));
        own.Write(4096, 4096).Fill(1);
        Assert.That(own.ReadAtMost(0, 8192).Length, Is.EqualTo(4096));
        Assert.That(
            () => own.Read(0, 8192).Length, Throws.InvalidOperationException.With.Message.Contains("4096 of 8192").And.Message.Contains("ReadAtMost"));
    }

    [Test]
    public void AFaultThatCannotBeServedNamesThePlaceAndTheRemedy()
    {
        using var fixture = new FaultFixture(sizeBytes: 4096);
        using var view = new DaxView(fixture.Loop, fixture.Map());
        Assert.That(() => view.Read(8192, 1).Length, Throws.TypeOf<DaxException>().With.Message.Contains("8192").And.Message.Contains("end of the file"));
        using var sealedView = new DaxView(fixture.Loop, fixture.Map(MapMode.Shared | MapMode.ReadOnly));
        Assert.That(() => sealedView.Write(0, 1).Length, Throws.TypeOf<DaxException>().With.Message.Contains("read-only"));
    }

    [TestCase(-1, 1)]
    [TestCase(0, -1)]
    [TestCase(long.MaxValue, 1)]
    [TestCase(FaultFixture.FilePages << 12, 1)]
    public void ARangeOutsideTheViewIsMisuse(long offset, int length)
    {
        using var fixture = new FaultFixture();
        using var view = new DaxView(fixture.Loop, fixture.Map());
        Assert.That(() => view.Read(offset, length).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AClosedViewSaysSo()
    {
        using var fixture = new FaultFixture();
        var view = new DaxView(fixture.Loop, fixture.Map());
        view.Read(0, 1);
        view.Dispose();
        Assert.That(() => view.Read(0, 1).Length, Throws.TypeOf<ObjectDisposedException>());
    }
}
