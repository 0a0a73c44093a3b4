namespace DaxEmu.Core;

/// <summary>
/// The result of <see cref="PmemDevice.DirectAccess"/> (the kernel's <c>dax_direct_access</c>): memory of device pages.
/// </summary>
/// <remarks>It is a place, not a right: it must not be used after the device was disposed.</remarks>
public readonly struct DirectAccess
{
    private readonly PmemDevice device;

    internal DirectAccess(PmemDevice device, Pfn first, long pageCount, bool isPoisoned)
    {
        this.device = device;
        First = first;
        PageCount = pageCount;
        IsPoisoned = isPoisoned;
    }

    /// <summary>The first page.</summary>
    public Pfn First { get; }

    /// <summary>
    /// Contiguous pages from there: at most what was asked; less at the end of the device or before a poisoned page; 0 for none.
    /// </summary>
    public long PageCount { get; }

    /// <summary>Whether the first page is poisoned, so that there is no page (the kernel's <c>-EIO</c>).</summary>
    public bool IsPoisoned { get; }

    /// <summary>Bytes that can be accessed.</summary>
    public long LengthBytes => PageCount << DaxConstants.PageShift;

    /// <summary>The memory as a span.</summary>
    /// <exception cref="InvalidOperationException">It is 2 GiB or more: take it in parts with <see cref="Slice"/>.</exception>
    public Span<byte> Span => LengthBytes <= int.MaxValue
        ? Slice(0, (int)LengthBytes)
        : throw new InvalidOperationException($"A span cannot hold {LengthBytes} bytes; take them in parts with Slice.");

    /// <summary>Part of the memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside.</exception>
    public Span<byte> Slice(long offsetBytes, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        return lengthBytes == 0 ? [] : device.GetSpan(First.OffsetBytes + offsetBytes, lengthBytes);
    }
}
