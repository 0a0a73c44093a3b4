namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>What a comparison found.</summary>
/// <param name="EqualBytes">How many bytes are alike, from the start on; all, if the ranges are.</param>
/// <param name="Error">What stopped it.</param>
internal readonly record struct Comparison(long EqualBytes, IoError Error);

/// <summary>Compares ranges of two files (<c>dax_dedupe_file_range_compare</c>).</summary>
internal static class Dedupe
{
    private const int LargestPiece = 1 << 30;

    /// <summary>
    /// Compares bytes at any offsets; both ranges lie inside their files. The caller keeps changes of layout out of both.
    /// </summary>
    public static Comparison Compare(AddressSpace left, long leftOffset, AddressSpace right, long rightOffset, long lengthBytes)
    {
        long done = 0;
        while (done < lengthBytes)
        {
            int wanted = (int)Math.Min(LargestPiece, lengthBytes - done);

            // Each side's piece begins at its own place in its page, and the shorter piece counts.
            IoError error = DaxReadWrite.Piece(left, leftOffset + done, wanted, out ReadOnlySpan<byte> first, out int firstBytes);
            if (error == IoError.None)
            {
                error = DaxReadWrite.Piece(right, rightOffset + done, wanted, out ReadOnlySpan<byte> second, out int secondBytes);
                int length = Math.Min(firstBytes, secondBytes);
                if (error == IoError.None)
                {
                    int equal = EqualBytes(first, second, length);
                    left.Device.ChargeRead(first.IsEmpty ? first : first[..equal]);
                    right.Device.ChargeRead(second.IsEmpty ? second : second[..equal]);
                    done += equal;
                    if (equal < length)
                    {
                        return new Comparison(done, IoError.None);
                    }

                    continue;
                }
            }

            return new Comparison(done, error);
        }

        return new Comparison(done, IoError.None);
    }

    // An empty span stands for zeroes; two of them are alike without a look.
    private static int EqualBytes(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, int length)
    {
        if (first.IsEmpty || second.IsEmpty)
        {
            ReadOnlySpan<byte> data = first.IsEmpty ? second : first;
            int other = data.IsEmpty ? -1 : data[..length].IndexOfAnyExcept((byte)0);
            return other < 0 ? length : other;
        }

        return first[..length].CommonPrefixLength(second[..length]);
    }
}
