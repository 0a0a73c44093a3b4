namespace DaxEmu.Core.Fs.Volume;

/// <summary>One copy of a log: bytes that lie on a few runs of pages, one after the other.</summary>
internal sealed class LogSpace(IPersistentMemory memory, PfnRange[] segments)
{
    /// <summary>Its pages.</summary>
    public PfnRange[] Segments => segments;

    /// <summary>Bytes that it holds.</summary>
    public long CapacityBytes { get; } = segments.Sum(segment => segment.PageCount) << DaxConstants.PageShift;

    /// <summary>Writes bytes with stores that are durable after the next drain.</summary>
    public void Write(long at, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            long offset = Place(at, bytes.Length, out int length);
            memory.CopyNonTemporal(offset, bytes[..length]);
            bytes = bytes[length..];
            at += length;
        }
    }

    /// <summary>Stores a word in place.</summary>
    /// <returns>Where it stands on the medium, to be flushed.</returns>
    public long StoreWord(long at, ulong word)
    {
        long offset = Place(at, sizeof(ulong), out _);
        memory.Store(offset, BitConverter.GetBytes(word));
        return offset;
    }

    /// <summary>Bytes of the log; false if a page of them is lost.</summary>
    public bool TryRead(long at, int length, out ReadOnlySpan<byte> bytes)
    {
        long offset = Place(at, length, out int inOne);
        if (inOne == length)
        {
            return Media.TryRead(memory, offset, length, out bytes);
        }

        byte[] joined = new byte[length];
        bytes = joined;
        for (int done = 0; done < length; done += inOne)
        {
            offset = Place(at + done, length - done, out inOne);
            if (!Media.TryRead(memory, offset, inOne, out ReadOnlySpan<byte> part))
            {
                return false;
            }

            part.CopyTo(joined.AsSpan(done));
        }

        return true;
    }

    // Where a byte of the log stands, and how many of those that follow it stand behind it.
    private long Place(long at, int wanted, out int length)
    {
        foreach (PfnRange segment in segments)
        {
            long bytes = segment.PageCount << DaxConstants.PageShift;
            if (at < bytes)
            {
                length = (int)Math.Min(wanted, bytes - at);
                return segment.First.OffsetBytes + at;
            }

            at -= bytes;
        }

        throw new ArgumentOutOfRangeException(nameof(at), $"The log does not have {wanted} bytes more.");
    }
}
