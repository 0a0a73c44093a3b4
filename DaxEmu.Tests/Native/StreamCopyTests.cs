using DaxEmu.Native.Cpu;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class StreamCopyTests
{
    private static readonly int[] Lengths = [0, 1, 64, 2047, 2048, 2049, 4096, 4159, 8191, 8192, 8193, 12_345, 16_383, 16_384, 16_449, 65_536, (1 << 20) + 4097, (2 << 20) + 1];

    private delegate void CopyBytes(ReadOnlySpan<byte> source, Span<byte> target);

    // Each way on every processor, whichever it takes itself.
    [Test]
    public void ACopyIsExactAndWritesNothingElse([ValueSource(nameof(Lengths))] int length, [Values("", "string", "loop")] string way)
    {
        CopyBytes copy = way switch
        {
            "string" => StreamCopy.CopyByString,
            "loop" => StreamCopy.CopyByLoop,
            _ => StreamCopy.Copy,
        };
        byte[] source = new byte[length + 65];
        new Random(length).NextBytes(source);
        foreach (int offset in (int[])[0, 1, 63])
        {
            byte[] target = new byte[length + 128];
            target.AsSpan().Fill(0xee);
            copy(source.AsSpan(offset, length), target.AsSpan(64 - offset, length));
            Assert.That(target.AsSpan(64 - offset, length).SequenceEqual(source.AsSpan(offset, length)), $"from {offset}");
            Assert.That(target.AsSpan(0, 64 - offset).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1), "before it");
            Assert.That(target.AsSpan(64 - offset + length).IndexOfAnyExcept((byte)0xee), Is.EqualTo(-1), "after it");
        }
    }

    [Test]
    public void ATargetThatIsTooShortIsRefused() =>
        Assert.That(() => StreamCopy.Copy(new byte[4096], new byte[4095]), Throws.ArgumentException);
}
