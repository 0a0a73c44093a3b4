using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using DaxEmu.Core.Tracing.Ftrace;
using NUnit.Framework;

namespace DaxEmu.Tests.Tracing;

/// <summary>What was packed comes out whole, and what is not whole does not come out.</summary>
public sealed class GzipInputTests
{
    private static readonly int[] Sizes = [0, 1, 2, 7, 8, 9, 100, 8000, 8170, 8180, 8185, 8190, 8192, 8200, 16_370, 16_384, 100_000];

    [TestCase("", 0u)]
    [TestCase("123456789", 0xCBF43926u)]
    [TestCase("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void TheChecksumIsThatOfGzip(string text, uint expected)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        var whole = new Crc32();
        whole.Append(bytes);
        var parts = new Crc32();
        Array.ForEach(bytes, b => parts.Append([b]));
        Assert.That(whole.GetCurrentHashAsUInt32(), Is.EqualTo(expected));
        Assert.That(parts.GetCurrentHashAsUInt32(), Is.EqualTo(expected));
    }

    [Test]
    public void MembersOfAnySizeComeOutOneAfterTheOther([Values(1, 3, 4096, 1 << 17)] int readAtOnce)
    {
        // Bytes that do not compress, so that the ends of members lie everywhere in the pieces that are read.
        var random = new Random(5);
        foreach (int first in Sizes)
        {
            byte[] one = new byte[first];
            random.NextBytes(one);
            byte[] two = new byte[random.Next(9000)];
            byte[] packed = [.. Pack(one), .. Pack(one), .. Pack([]), .. Pack(two)];
            Assert.That(Unpack(packed, readAtOnce), Is.EqualTo((byte[])[.. one, .. one, .. two]), $"{first} bytes");
            Assert.That(() => Unpack(packed[..^1], readAtOnce), Throws.TypeOf<InvalidDataException>().With.Message.Contains("cut"));
            Assert.That(() => Unpack([.. packed, 0], readAtOnce), Throws.TypeOf<InvalidDataException>().With.Message.Contains("follows"));
        }
    }

    [Test]
    public void AHeaderMayNameTheFile()
    {
        byte[] packed = Pack("content"u8.ToArray());
        byte[] named = [.. packed[..3], 8 | 4 | 2, .. packed[4..10], 3, 0, 1, 2, 3, .. "name\0"u8, 0, 0, .. packed[10..]];
        Assert.That(Unpack(named, 1), Is.EqualTo("content"u8.ToArray()));
        for (int length = 1; length < named.Length; length++)
        {
            Assert.That(() => Unpack(named[..length], 100), Throws.TypeOf<InvalidDataException>(), $"{length} bytes");
        }
    }

    private static byte[] Pack(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(content);
        }

        // Of nothing the base library makes nothing.
        return memory.Length > 0 ? memory.ToArray() : [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Unpack(byte[] packed, int readAtOnce)
    {
        using var stream = new GzipInput(new Dripping(packed, readAtOnce));
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return content.ToArray();
    }

    // Gives a few bytes at a time, as a pipe does.
    private sealed class Dripping(byte[] bytes, int readAtOnce) : MemoryStream(bytes)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(buffer.Length, readAtOnce)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, readAtOnce));
    }
}
