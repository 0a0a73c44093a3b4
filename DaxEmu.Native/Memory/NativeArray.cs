using System.Runtime.CompilerServices;

namespace DaxEmu.Native.Memory;

/// <summary>A typed view over part of a <see cref="ReservedRegion"/>, indexed with 64 bits.</summary>
/// <remarks>
/// The view does not own the memory: its holder keeps the region alive and open. The default value is the empty array.
/// </remarks>
internal readonly unsafe struct NativeArray<T>
    where T : unmanaged
{
    private readonly T* first;

    /// <summary>A view of <paramref name="length"/> elements from byte <paramref name="offsetBytes"/> of the region.</summary>
    /// <exception cref="ArgumentException">The elements do not lie inside the region, or the offset is not aligned to 8 bytes.</exception>
    public NativeArray(ReservedRegion region, long offsetBytes, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, region.LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, (region.LengthBytes - offsetBytes) / sizeof(T));
        if ((offsetBytes & 7) != 0)
        {
            throw new ArgumentException($"The offset must be a multiple of 8, not {offsetBytes}.", nameof(offsetBytes));
        }

        ObjectDisposedException.ThrowIf(region.IsClosed, region);
        first = (T*)(region.Base + (nint)offsetBytes);
        Length = length;
    }

    /// <summary>How many elements.</summary>
    public long Length { get; }

    /// <summary>The element at <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such element.</exception>
    public ref T this[long index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            if ((ulong)index >= (ulong)Length)
            {
                ThrowIndex(index, Length);
            }

            // SAFETY: the index was checked above.
            return ref first[index];
        }
    }

    /// <summary>
    /// The element at <paramref name="index"/>, unchecked: for hot paths whose index was checked before against <see cref="Length"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref T Unchecked(long index) => ref first[index];

    /// <summary>The elements from <paramref name="start"/> on, <paramref name="length"/> of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not all exist.</exception>
    public Span<T> Slice(long start, int length)
    {
        // Start and length are checked apart, since their sum could overflow.
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - start);

        // SAFETY: the range was checked above.
        return new Span<T>(first + start, length);
    }

    private static void ThrowIndex(long index, long length) =>
        throw new ArgumentOutOfRangeException(nameof(index), $"There is no element {index} in an array of {length}.");
}
