using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

public sealed class DaxStreamTests
{
    [Test]
    public void AStreamWritesReadsSeeksAndSetsTheLength()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        using DaxStream stream = file.OpenStream();
        byte[] bytes = FileFixture.Pattern(10_000, 3);
        stream.Write(bytes);
        stream.Flush();
        Assert.That((stream.Length, stream.Position), Is.EqualTo((10_000L, 10_000L)));
        Assert.That(stream.Seek(-100, SeekOrigin.End), Is.EqualTo(9_900));
        var tail = new byte[200];
        Assert.That(stream.Read(tail), Is.EqualTo(100));
        Assert.That(tail[..100], Is.EqualTo(bytes[9_900..]));
        Assert.That(stream.Read(tail), Is.Zero);
        stream.SetLength(50);
        stream.Position = 0;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        Assert.That(copy.ToArray(), Is.EqualTo(bytes[..50]));
    }

    [Test]
    public void AClosedStreamSaysSoAndLeavesTheFileOpen()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(10);
        DaxStream stream = file.OpenStream();
        stream.Dispose();
        Assert.That(() => stream.ReadByte(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That((stream.CanRead, file.Length), Is.EqualTo((false, 10L)));
    }
}
