using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Support;
using Mono.Unix.Native;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class FlushInstructionTests
{
    private static readonly FlushMethod[] Instructions = [FlushMethod.Clwb, FlushMethod.ClflushOpt, FlushMethod.Clflush];

    [TestCaseSource(nameof(Instructions))]
    public void FlushingChangesNoByteAndTouchesNothingBehindTheEnd(FlushMethod method)
    {
        FlushInstruction? instruction = FlushInstruction.TryGet(method);
        if (instruction is null)
        {
            Assert.Ignore($"this CPU has no {method}");
        }

        // The page behind the mapping is not mapped: a line too many would end the process.
        const int Length = 256 << 10;
        using MappedRegion region = MappedRegion.MapAnonymous(Length, "test");
        Span<byte> memory = region.Span(0, Length);
        new Random(1).NextBytes(memory);
        byte[] before = memory.ToArray();
        foreach (int offset in new[] { 0, 1, 63, 64, 65, 4095 })
        {
            foreach (int length in new[] { 0, 1, 2, 63, 64, 65, 127, 128, 4096, 16384, 16385, 100_000 })
            {
                instruction!.Flush(region.Base + offset, length);
                instruction.Flush(region.Base + Length - offset - Math.Min(length, Length - offset), Math.Min(length, Length - offset));
            }
        }

        instruction!.Flush(region.Base, Length);
        FlushInstruction.Fence();

        Assert.That(memory.SequenceEqual(before), Is.True);
        Assert.That(instruction.Method, Is.EqualTo(method));
    }

    [TestCaseSource(nameof(Instructions))]
    public void EveryPageOfTheRangeIsReachedAndNoOther(FlushMethod method)
    {
        using ScratchDirectory scratch = new();
        using DeviceFile file = DeviceFile.Create(scratch["file"], 1 << 20, sparse: true);
        FlushInstruction? instruction = FlushInstruction.TryGet(method);
        if (instruction is null || file.FileSystem.Kind != FileSystemKind.Tmpfs)
        {
            Assert.Ignore($"this CPU has no {method}, or there is no tmpfs");
        }

        // A flush faults as a load does, and a load from a hole of tmpfs allocates its page: the blocks show what was reached.
        using MappedRegion region = MappedRegion.MapFile(file.Handle, 1 << 20, synchronous: false, file.Path);
        instruction!.Flush(region.Base + 4095, 1);
        Assert.That(AllocatedPages(file), Is.EqualTo(1));

        instruction.Flush(region.Base + (2 * 4096) - 1, (30 * 4096) + 2);
        Assert.That(AllocatedPages(file), Is.EqualTo(1 + 32), "pages 1 to 32, over the seams of the chunks");

        instruction.Flush(region.Base, 1 << 20);
        Assert.That(AllocatedPages(file), Is.EqualTo(256));
    }

    [Test]
    public void AnEmptyFlushTouchesNoMemoryAtAll() => Assert.That(() => FlushInstruction.Best?.Flush(0, 0), Throws.Nothing);

    [TestCaseSource(nameof(Instructions))]
    public void WhatTheKernelSaysOfTheCpuIsFound(FlushMethod method)
    {
        string? flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal));
        bool isThere = (flags ?? string.Empty).Split(' ').Contains(method.ToString().ToLowerInvariant());

        Assert.That(FlushInstruction.TryGet(method) is not null, Is.EqualTo(isThere));
    }

    [Test]
    public void TheBestIsTheFirstThatIsThere() => Assert.That(
        FlushInstruction.Best?.Method,
        Is.EqualTo(Instructions.Select(FlushInstruction.TryGet).FirstOrDefault(instruction => instruction is not null)?.Method));

    [TestCase(FlushMethod.Automatic)]
    [TestCase(FlushMethod.Msync)]
    [TestCase(FlushMethod.None)]
    public void WhatIsNoInstructionIsNone(FlushMethod method) => Assert.That(FlushInstruction.TryGet(method), Is.Null);

    private static long AllocatedPages(DeviceFile file)
    {
        Assert.That(Syscall.stat(file.Path, out Stat stat), Is.Zero);
        return stat.st_blocks / 8;
    }
}
