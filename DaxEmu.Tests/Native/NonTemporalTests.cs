using DaxEmu.Native.Cpu;
using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class NonTemporalTests
{
    private const int Length = 1024;

    [Test]
    public void ACopyIsExactAtEveryAlignmentAndLength()
    {
        using MappedRegion region = MappedRegion.MapAnonymous(4096, "test");
        byte[] source = new byte[Length + 64];
        new Random(2).NextBytes(source);
        byte[] expected = new byte[Length];
        for (int offset = 0; offset <= 65; offset++)
        {
            for (int length = 0; length <= 330; length++)
            {
                int sourceOffset = (offset * 7) % 64;
                Span<byte> memory = region.Span(0, Length);
                memory.Fill(0xee);
                expected.AsSpan().Fill(0xee);
                source.AsSpan(sourceOffset, length).CopyTo(expected.AsSpan(offset));

                NonTemporal.Copy(region.Base + offset, source.AsSpan(sourceOffset, length), FlushInstruction.Best);
                FlushInstruction.Fence();

                if (!memory.SequenceEqual(expected))
                {
                    Assert.Fail($"copy of {length} bytes to offset {offset} is wrong, or wrote outside");
                }
            }
        }
    }

    [Test]
    public void ZeroingIsExactAtEveryAlignmentAndLength()
    {
        using MappedRegion region = MappedRegion.MapAnonymous(4096, "test");
        byte[] expected = new byte[Length];
        for (int offset = 0; offset <= 65; offset++)
        {
            for (int length = 0; length <= 330; length++)
            {
                Span<byte> memory = region.Span(0, Length);
                memory.Fill(0xee);
                expected.AsSpan().Fill(0xee);
                expected.AsSpan(offset, length).Clear();

                NonTemporal.Zero(region.Base + offset, length, FlushInstruction.Best);
                FlushInstruction.Fence();

                if (!memory.SequenceEqual(expected))
                {
                    Assert.Fail($"zeroing {length} bytes at offset {offset} is wrong, or wrote outside");
                }
            }
        }
    }

    [Test]
    public void BothReachTheVeryEndOfTheMemoryAndNoFurther()
    {
        const int Size = 3 << 20;
        using MappedRegion region = MappedRegion.MapAnonymous(Size, "test");
        byte[] source = new byte[Size - 3];
        new Random(3).NextBytes(source);

        NonTemporal.Copy(region.Base + 3, source, flush: null);
        FlushInstruction.Fence();
        Assert.That(region.Span(3, Size - 3).SequenceEqual(source), Is.True);

        NonTemporal.Zero(region.Base + 5, Size - 5, flush: null);
        FlushInstruction.Fence();
        Assert.That(region.Span(3, 2).SequenceEqual(source.AsSpan(0, 2)), Is.True);
        Assert.That(region.Span(5, Size - 5).ContainsAnyExcept((byte)0), Is.False);
    }
}
