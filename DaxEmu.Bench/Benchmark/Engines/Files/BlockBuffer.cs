using System.Runtime.InteropServices;

namespace DaxEmu.Bench.Benchmark.Engines.Files;

/// <summary>A job's own buffer, at a page's start, that blocks are read into and written from.</summary>
internal sealed unsafe class BlockBuffer : IDisposable
{
    /// <summary>What it is filled with.</summary>
    public const byte Content = 0xDA;

    private const nuint Alignment = 4096;

    private byte* start;

    /// <summary>A buffer of so many bytes, filled.</summary>
    public BlockBuffer(long lengthBytes)
    {
        LengthBytes = checked((int)lengthBytes);
        start = (byte*)NativeMemory.AlignedAlloc((nuint)LengthBytes, Alignment);
        Span.Fill(Content);
    }

    /// <summary>Its bytes.</summary>
    public int LengthBytes { get; }

    /// <summary>Its first byte; valid until it is disposed.</summary>
    public byte* Start => start;

    /// <summary>All of it.</summary>
    public Span<byte> Span => new(start, LengthBytes);

    public void Dispose()
    {
        NativeMemory.AlignedFree(start);
        start = null;
    }
}
