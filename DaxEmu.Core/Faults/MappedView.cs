using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Faults;

/// <summary>The memory of a VMA as spans: real memory of the device, faulted in before it is handed out.</summary>
/// <remarks>
/// <para>A span is over memory that lies in one piece: the pages of a file need not. <see cref="ReadAtMost"/> and <see cref="WriteAtMost"/> give
/// the longest piece from an offset on; <see cref="Read"/> and <see cref="Write"/> demand the whole.</para>
/// <para>A span for writing is good until the next writeback of its pages: the processor would fault then and mark them dirty again, a
/// span cannot. Take a new one for each burst of writes. No span may be used when the view, the file or the device is gone.</para>
/// </remarks>
public sealed unsafe class MappedView : IDisposable
{
    private readonly FaultLoop faults;
    private readonly VmArea area;

    /// <summary>A view of a VMA; disposing the view unmaps it.</summary>
    public MappedView(FaultLoop faults, VmArea area)
    {
        ArgumentNullException.ThrowIfNull(faults);
        ArgumentNullException.ThrowIfNull(area);
        this.faults = faults;
        this.area = area;
    }

    /// <summary>The VMA.</summary>
    public VmArea Area => area;

    /// <summary>Bytes from the start to the end.</summary>
    public long LengthBytes => area.PageCount << DaxConstants.PageShift;

    /// <summary>Bytes for reading.</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece on the device.</exception>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => Whole(ReadAtMost(offsetBytes, lengthBytes), lengthBytes);

    /// <summary>Bytes for writing; their pages are dirty from here on.</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece on the device.</exception>
    public Span<byte> Write(long offsetBytes, int lengthBytes)
    {
        Span<byte> bytes = WriteAtMost(offsetBytes, lengthBytes);
        Whole(bytes, lengthBytes);
        return bytes;
    }

    /// <summary>As many bytes for reading as lie in one piece, at least one.</summary>
    public ReadOnlySpan<byte> ReadAtMost(long offsetBytes, int lengthBytes) => Piece(offsetBytes, lengthBytes, isWrite: false);

    /// <summary>As many bytes for writing as lie in one piece, at least one.</summary>
    public Span<byte> WriteAtMost(long offsetBytes, int lengthBytes) => Piece(offsetBytes, lengthBytes, isWrite: true);

    /// <summary>Unmaps the VMA.</summary>
    public void Dispose() => area.Dispose();

    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes, int lengthBytes) => bytes.Length == lengthBytes
        ? bytes
        : throw new InvalidOperationException(
            $"only the first {bytes.Length} of {lengthBytes} bytes lie in one piece on the device. Go piece by piece with ReadAtMost and WriteAtMost.");

    private Span<byte> Piece(long offsetBytes, int lengthBytes, bool isWrite)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        if (lengthBytes == 0)
        {
            return [];
        }

        long page = offsetBytes >> DaxConstants.PageShift;
        int inPage = (int)offsetBytes & (DaxConstants.PageSize - 1);
        byte* start = MemoryOf(page, isWrite, out long pageCount);
        long length = (pageCount << DaxConstants.PageShift) - inPage;
        while (length < lengthBytes)
        {
            page += pageCount;
            if (MemoryOf(page, isWrite, out pageCount) != start + inPage + length)
            {
                break;
            }

            length += pageCount << DaxConstants.PageShift;
        }

        // SAFETY: the pages were faulted in one behind the other and lie so in memory, which stays mapped while the file is open.
        return new Span<byte>(start + inPage, (int)Math.Min(length, lengthBytes));
    }

    // The translation is looked at under the invalidate lock: outside of it, its table may go with the VMA. One of 2 MiB answers for all
    // pages up to its end.
    private byte* MemoryOf(long page, bool isWrite, out long pageCount)
    {
        while (true)
        {
            // Before the lock, whose word goes with the file.
            ObjectDisposedException.ThrowIf(area.IsGone, this);
            ulong* hold = area.Mapping.InvalidateLock.EnterRead();
            try
            {
                ObjectDisposedException.ThrowIf(area.IsGone, this);
                Translation translation = area.Table.Find(page);
                if (translation.IsPresent && (!isWrite || translation.IsWritable))
                {
                    pageCount = translation.IsHuge ? DaxConstants.PagesPerPmd - ((area.LeadPages + page) & DaxConstants.ColourMask) : 1;
                    return area.MemoryOf(page, translation);
                }
            }
            finally
            {
                InvalidateLock.ExitRead(hold);
            }

            TouchResult result = faults.Touch(area, page, isWrite);
            if (result != TouchResult.Mapped)
            {
                throw new DaxFaultException(page << DaxConstants.PageShift, result);
            }
        }
    }
}
