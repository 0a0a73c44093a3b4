using System.Runtime.Intrinsics.X86;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Cpu;

/// <summary>
/// Flushes cache lines with one instruction of the CPU. .NET has no name for these instructions, so the loop over the lines is a few
/// bytes of machine code in a page of its own.
/// </summary>
/// <remarks>The code page is written first and made executable (and read-only) afterwards. It lives as long as the process, so no
/// order of disposal can pull it away.</remarks>
internal sealed unsafe class FlushInstruction
{
    // A call that suppresses the GC transition holds up the collector: flush at most this much (under a microsecond) in one.
    private const long ChunkBytes = 16 << 10;

    // Bytes between the entry points of two stubs.
    private const int StubSize = 64;

    private static readonly nint CodePage = WriteCode();

    private readonly delegate* unmanaged[SuppressGCTransition]<nint, nint, void> flushLines;

    private FlushInstruction(FlushMethod method)
    {
        Method = method;
        flushLines = (delegate* unmanaged[SuppressGCTransition]<nint, nint, void>)(CodePage + (StubSize * StubIndex(method)));
    }

    /// <summary>The best that this CPU has, or null if it has none or the system forbids executable pages.</summary>
    public static FlushInstruction? Best { get; } =
        TryGet(FlushMethod.Clwb) ?? TryGet(FlushMethod.ClflushOpt) ?? TryGet(FlushMethod.Clflush);

    /// <summary>
    /// Which instruction: <see cref="FlushMethod.Clwb"/>, <see cref="FlushMethod.ClflushOpt"/> or <see cref="FlushMethod.Clflush"/>.
    /// </summary>
    public FlushMethod Method { get; }

    /// <summary>The given instruction, or null if this CPU does not have it.</summary>
    public static FlushInstruction? TryGet(FlushMethod method)
    {
        bool isThere = CodePage != 0 && CpuFeatures.FlushLineSizeBytes == 64 && method switch
        {
            FlushMethod.Clwb => CpuFeatures.HasClwb,
            FlushMethod.ClflushOpt => CpuFeatures.HasClflushOpt,
            FlushMethod.Clflush => CpuFeatures.HasClflush,
            _ => false,
        };
        return isThere ? new FlushInstruction(method) : null;
    }

    /// <summary>Flushes every line that overlaps the range. Nothing is ordered until <see cref="Fence"/>.</summary>
    /// <param name="address">First byte; the memory must be mapped.</param>
    /// <param name="lengthBytes">How many bytes; 0 flushes nothing.</param>
    public void Flush(nint address, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return;
        }

        nint line = address & ~(nint)63;
        nint end = address + (nint)lengthBytes;
        while (end - line > ChunkBytes)
        {
            flushLines(line, line + (nint)ChunkBytes);
            line += (nint)ChunkBytes;
        }

        // SAFETY: the stub flushes from 'line', which is aligned, while it lies below 'end': only lines that the caller owns a byte of.
        flushLines(line, end);
    }

    /// <summary>Waits until all flushes and non-temporal stores of this thread are done (<c>sfence</c>).</summary>
    public static void Fence()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            Thread.MemoryBarrier();
        }
    }

    private static int StubIndex(FlushMethod method) => method - FlushMethod.Clwb;

    /// <summary>One stub an instruction, by the System V convention: rdi is the first line, rsi the end; rdi is below rsi.</summary>
    private static nint WriteCode()
    {
        if (!X86Base.X64.IsSupported)
        {
            return 0;
        }

        nint page = Mman.Mmap(
            0, 4096, MmapProt.Read | MmapProt.Write, MmapFlags.Private | MmapFlags.Anonymous, -1, 0);
        if (page == Mman.MapFailed)
        {
            return 0;
        }

        // SAFETY: 4096 bytes were mapped above, and three stubs of 64 bytes fit.
        Span<byte> code = new((void*)page, 4096);
        code.Fill(0xcc);
        WriteStub(code[..StubSize], [0x66, 0x0f, 0xae, 0x37]);                   // clwb [rdi]
        WriteStub(code.Slice(StubSize, StubSize), [0x66, 0x0f, 0xae, 0x3f]);     // clflushopt [rdi]
        WriteStub(code.Slice(StubSize * 2, StubSize), [0x0f, 0xae, 0x3f]);       // clflush [rdi]
        if (Mman.Mprotect(page, 4096, MmapProt.Read | MmapProt.Exec) != 0)
        {
            // A hardened system may forbid this; then there is no instruction, and msync takes over.
            _ = Mman.Munmap(page, 4096);
            return 0;
        }

        return page;
    }

    private static void WriteStub(Span<byte> code, ReadOnlySpan<byte> instruction)
    {
        ReadOnlySpan<byte> step =
        [
            0x48, 0x83, 0xc7, 0x40,                                              // add rdi, 64
            0x48, 0x39, 0xf7,                                                    // cmp rdi, rsi
        ];
        instruction.CopyTo(code);
        step.CopyTo(code[instruction.Length..]);
        int length = instruction.Length + step.Length;
        code[length] = 0x72;                                                     // jb to the first byte
        code[length + 1] = unchecked((byte)-(length + 2));
        code[length + 2] = 0xc3;                                                 // ret
    }
}
