using System.Buffers;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Bytes that do not lie in one piece.</summary>
public sealed class BufferTests
{
    private const int Page = DaxConstants.PageSize;

    [Test]
    public void ASequenceIsWrittenWholeAndReadBackIntoAGrowingBuffer()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        byte[] expected = FileFixture.Pattern((3 * Page) + 11, seed: 3);
        var first = new Segment(expected.AsMemory(0, 1000), null);
        var last = new Segment(expected.AsMemory(5000), new Segment(expected.AsMemory(1000, 4000), first));
        Assert.That(file.Write(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length), 7), Is.EqualTo(expected.Length));

        var read = new ArrayBufferWriter<byte>();
        Assert.That(file.Read(read, 7, expected.Length + 500), Is.EqualTo(expected.Length), "the file ends there");
        Assert.That(read.WrittenSpan.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void ReadingNothingAndPastTheEndGivesNothing()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Page);
        var read = new ArrayBufferWriter<byte>();
        Assert.That(file.Read(read, 0, 0), Is.Zero);
        Assert.That(file.Read(read, 5 * Page, 10), Is.Zero);
        Assert.That(read.WrittenCount, Is.Zero);
        Assert.That(file.Write(ReadOnlySequence<byte>.Empty, 5 * Page), Is.Zero);
        Assert.That(file.Length, Is.EqualTo(Page));
    }

    [Test]
    public void ALostPageEndsTheReadBeforeIt()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(3 * Page);
        file.InjectPoison(Page);
        var read = new ArrayBufferWriter<byte>();
        Assert.That(file.Read(read, 0, 3 * Page), Is.EqualTo(Page));
        Assert.That(() => file.Read(read, Page, Page), Throws.TypeOf<DaxException>().With.Property(nameof(DaxException.Error)).EqualTo(IoError.Poison));
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
