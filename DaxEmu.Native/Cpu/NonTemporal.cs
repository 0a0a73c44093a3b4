using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DaxEmu.Native.Cpu;

/// <summary>
/// Stores that go around the caches, so that they need no flush: whole lines with vector stores, the bytes before the first and
/// after the last whole line with plain stores and a flush. Nothing is durable before <see cref="FlushInstruction.Fence"/>.
/// </summary>
internal static unsafe class NonTemporal
{
    private const int LineSize = 64;

    /// <summary>Copies <paramref name="source"/>; the two ranges must not overlap.</summary>
    /// <param name="destination">First byte to write; the memory must be mapped.</param>
    /// <param name="source">What to copy.</param>
    /// <param name="flush">Flushes what was stored plainly; null if the caller flushes by other means.</param>
    public static void Copy(nint destination, ReadOnlySpan<byte> source, FlushInstruction? flush)
    {
        if (((destination | source.Length) & (LineSize - 1)) == 0 && Vector256.IsHardwareAccelerated)
        {
            CopyLines((byte*)destination, source);
            return;
        }

        int head = (int)Math.Min(BytesToLine(destination), source.Length);
        int body = Vector256.IsHardwareAccelerated ? (source.Length - head) & ~(LineSize - 1) : 0;
        int tail = source.Length - head - body;

        StorePlain(destination, source[..head], flush);
        CopyLines((byte*)destination + head, source.Slice(head, body));
        StorePlain(destination + head + body, source.Slice(head + body, tail), flush);
    }

    /// <summary>Writes zeroes.</summary>
    /// <param name="destination">First byte to write; the memory must be mapped.</param>
    /// <param name="lengthBytes">How many.</param>
    /// <param name="flush">Flushes what was stored plainly; null if the caller flushes by other means.</param>
    public static void Zero(nint destination, long lengthBytes, FlushInstruction? flush)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        long head = Math.Min(BytesToLine(destination), lengthBytes);
        long body = Vector256.IsHardwareAccelerated ? (lengthBytes - head) & ~(LineSize - 1L) : 0;
        long tail = lengthBytes - head - body;

        ZeroPlain(destination, head, flush);
        ZeroLines((byte*)destination + head, body);
        ZeroPlain(destination + (nint)(head + body), tail, flush);
    }

    private static long BytesToLine(nint address) => -address & (LineSize - 1);

    private static void StorePlain(nint destination, ReadOnlySpan<byte> source, FlushInstruction? flush)
    {
        // SAFETY: the caller promises that the destination is mapped for the source's length.
        source.CopyTo(new Span<byte>((void*)destination, source.Length));
        flush?.Flush(destination, source.Length);
    }

    private static void ZeroPlain(nint destination, long lengthBytes, FlushInstruction? flush)
    {
        NativeMemory.Clear((void*)destination, (nuint)lengthBytes);
        flush?.Flush(destination, lengthBytes);
    }

    // SAFETY of both loops: 'destination' is line-aligned and mapped for whole lines, so every aligned vector store stays inside.
    // Optimized at once: the first large copy would otherwise spend itself in the slow first tier, some seven times slower.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyLines(byte* destination, ReadOnlySpan<byte> source)
    {
        ref byte from = ref MemoryMarshal.GetReference(source);
        if (Vector512.IsHardwareAccelerated)
        {
            int start = 0;
            for (; start + (4 * LineSize) <= source.Length; start += 4 * LineSize)
            {
                Vector512<byte> first = Vector512.LoadUnsafe(ref from, (nuint)start);
                Vector512<byte> second = Vector512.LoadUnsafe(ref from, (nuint)start + LineSize);
                Vector512<byte> third = Vector512.LoadUnsafe(ref from, (nuint)start + (2 * LineSize));
                Vector512<byte> fourth = Vector512.LoadUnsafe(ref from, (nuint)start + (3 * LineSize));
                first.StoreAlignedNonTemporal(destination + start);
                second.StoreAlignedNonTemporal(destination + start + LineSize);
                third.StoreAlignedNonTemporal(destination + start + (2 * LineSize));
                fourth.StoreAlignedNonTemporal(destination + start + (3 * LineSize));
            }

            for (; start < source.Length; start += LineSize)
            {
                Vector512.LoadUnsafe(ref from, (nuint)start).StoreAlignedNonTemporal(destination + start);
            }

            return;
        }

        for (int offset = 0; offset < source.Length; offset += LineSize)
        {
            Vector256<byte> low = Vector256.LoadUnsafe(ref from, (nuint)offset);
            Vector256<byte> high = Vector256.LoadUnsafe(ref Unsafe.Add(ref from, offset), 32);
            low.StoreAlignedNonTemporal(destination + offset);
            high.StoreAlignedNonTemporal(destination + offset + 32);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ZeroLines(byte* destination, long lengthBytes)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            for (long offset = 0; offset < lengthBytes; offset += LineSize)
            {
                Vector512<byte>.Zero.StoreAlignedNonTemporal(destination + offset);
            }

            return;
        }

        for (long offset = 0; offset < lengthBytes; offset += LineSize)
        {
            Vector256<byte>.Zero.StoreAlignedNonTemporal(destination + offset);
            Vector256<byte>.Zero.StoreAlignedNonTemporal(destination + offset + 32);
        }
    }
}
