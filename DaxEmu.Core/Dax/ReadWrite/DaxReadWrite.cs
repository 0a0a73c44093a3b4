using System.Runtime.CompilerServices;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>read(2) and write(2) on a file's blocks (<c>dax_iomap_rw</c>).</summary>
/// <remarks>The caller keeps changes of layout out, and for a write other writers; faults may run.</remarks>
internal static class DaxReadWrite
{
    /// <summary>Reads bytes, up to the end of the file. Holes and unwritten blocks give zeroes.</summary>
    public static DataOutcome Read(AddressSpace mapping, long offsetBytes, Span<byte> buffer)
    {
        long size = mapping.SizeBytes;
        long end = size - offsetBytes < buffer.Length ? size : offsetBytes + buffer.Length; // the sum may not fit a long
        long at = offsetBytes;
        while (at < end)
        {
            Span<byte> rest = buffer[(int)(at - offsetBytes)..(int)(end - offsetBytes)];
            IoError error = ReadPiece(mapping, at, rest, out int read);
            if (error != IoError.None)
            {
                return new DataOutcome(at - offsetBytes, error);
            }

            at += read;
        }

        return new DataOutcome(Math.Max(0, at - offsetBytes), IoError.None);
    }

    /// <summary>Writes bytes; allocates, copies shared blocks, extends the file.</summary>
    public static DataOutcome Write(AddressSpace mapping, long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        long moved = 0;
        while (moved < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[(int)moved..];
            IoError error = BlockStore.Store(mapping, offsetBytes + moved, rest.Length, rest, FaultsAre.Allowed, out long stored, out _);
            moved += stored;
            if (moved > 0 && offsetBytes + moved > mapping.SizeBytes)
            {
                mapping.GrowSize(offsetBytes + moved);
            }

            if (error != IoError.None)
            {
                return new DataOutcome(moved, error);
            }
        }

        return new DataOutcome(moved, IoError.None);
    }

    /// <summary>The bytes at an offset that lie in one piece: memory of the device, or zeroes.</summary>
    /// <param name="mapping">The file.</param>
    /// <param name="offsetBytes">Where; inside the file.</param>
    /// <param name="lengthBytes">How many are wanted, at least 1.</param>
    /// <param name="memory">The memory; empty if the bytes read as zeroes.</param>
    /// <param name="pieceBytes">How many bytes the piece has, at most as many as wanted.</param>
    internal static IoError Piece(AddressSpace mapping, long offsetBytes, int lengthBytes, out ReadOnlySpan<byte> memory, out int pieceBytes)
    {
        memory = default;
        pieceBytes = 0;
        PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
        if (Fallible.Fails(FallibleStep.ExtentMap))
        {
            return IoError.Io;
        }

        if (mapping.FileExtents is not { } extents || !extents.TryFindMapped(pages.First, out Pfn first, out long pageCount))
        {
            ExtentKind kind = AskPiece(mapping, pages.First, pages.PageCount, out first, out pageCount, out IoError error);
            if (error != IoError.None)
            {
                return IoError.Io;
            }

            if (kind != ExtentKind.Mapped)
            {
                pieceBytes = BytesBefore(pages.First + pageCount, offsetBytes, lengthBytes);
                return IoError.None;
            }
        }

        pieceBytes = BytesBefore(pages.First + pageCount, offsetBytes, lengthBytes);
        int inPage = (int)(offsetBytes - pages.First.OffsetBytes);
        PmemDevice device = mapping.Device;
        if (device.Poison.FindFirst(first, PageRange.Touching(offsetBytes, pieceBytes).PageCount) is { } poisoned)
        {
            long before = ((poisoned.Value - first.Value) << DaxConstants.PageShift) - inPage;
            pieceBytes = (int)Math.Max(0, before);
            if (pieceBytes == 0)
            {
                return IoError.Poison;
            }
        }

        memory = device.SpanUnchecked(first.OffsetBytes + inPage, pieceBytes);
        return IoError.None;
    }

    // Apart, so that its frame costs the way above nothing. Of blocks that are being copied the source is asked for: until the copy ends, it is the file.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ExtentKind AskPiece(AddressSpace mapping, PageIndex index, long wanted, out Pfn first, out long pageCount, out IoError error)
    {
        ExtentAnswer answer = mapping.Extents.Find(index, wanted, ExtentIntent.Read);
        Extent extent = answer.Source;
        first = extent.PfnAt(index);
        pageCount = extent.End - index;
        error = answer.Error;
        return extent.Kind;
    }

    private static int BytesBefore(PageIndex end, long offsetBytes, int mostBytes) => (int)Math.Min(mostBytes, end.OffsetBytes - offsetBytes);

    private static IoError ReadPiece(AddressSpace mapping, long offset, Span<byte> buffer, out int read)
    {
        IoError error = Piece(mapping, offset, buffer.Length, out ReadOnlySpan<byte> memory, out read);
        if (error == IoError.None && memory.IsEmpty)
        {
            buffer[..read].Clear();
        }
        else
        {
            mapping.Device.ChargeRead(memory);
            StreamCopy.Copy(memory, buffer);
        }

        return error;
    }
}
