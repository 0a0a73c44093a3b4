using DaxEmu.Native.Cpu;

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
        ExtentAnswer answer = mapping.Extents.Find(pages.First, pages.PageCount, ExtentIntent.Read);
        if (answer.Error != IoError.None)
        {
            return IoError.Io;
        }

        // Of blocks that are being copied the source is asked for: until the copy ends, it is the file.
        Extent extent = answer.Source;
        pieceBytes = (int)Math.Min(lengthBytes, extent.End.OffsetBytes - offsetBytes);
        if (extent.ReadsAsZeroes)
        {
            return IoError.None;
        }

        Pfn first = extent.PfnAt(pages.First);
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
