using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using DaxEmu.Native.Files;

namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>Decompresses gzip, and refuses one that is cut, damaged, or followed by something else.</summary>
/// <remarks>
/// The base library's stream accepts a cut file as whole and ignores what follows it. It also reads ahead, and does not say where the
/// compressed data ended. So the end of each member is found by its trailer, checksum and length of the decompressed bytes, somewhere in
/// the last bytes that were given to it.
/// </remarks>
internal sealed class GzipInput : ForwardStream
{
    private const int HeaderLength = 10;
    private const int TrailerLength = 8;
    private const byte Deflated = 8;
    private const byte HasChecksum = 2;
    private const byte HasExtra = 4;
    private const byte HasName = 8;
    private const byte HasComment = 16;
    private const byte Reserved = 0xE0;

    private readonly Source source;
    private DeflateStream? member;
    private readonly Crc32 checksum = new();
    private uint length;
    private bool isAtEnd;

    /// <summary>Decompresses <paramref name="compressed"/>, and disposes of it at the end.</summary>
    public GzipInput(Stream compressed) => source = new Source(compressed);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">It is cut or damaged; the message says where, as a clause.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (!isAtEnd && !buffer.IsEmpty)
        {
            if (member is null)
            {
                ReadHeader();
                source.Mark();
                member = new DeflateStream(source, CompressionMode.Decompress, leaveOpen: true);
                checksum.Reset();
                length = 0;
            }

            int count = ReadMember(member, buffer);
            if (count > 0)
            {
                checksum.Append(buffer[..count]);
                length += (uint)count;
                return count;
            }

            EndMember();
        }

        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            member?.Dispose();
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private static int ReadMember(DeflateStream member, Span<byte> buffer)
    {
        try
        {
            return member.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("its compressed data are damaged", e);
        }
    }

    private void ReadHeader()
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        Need(header);
        if (header[0] != 0x1f || header[1] != 0x8b || header[2] != Deflated || (header[3] & Reserved) != 0)
        {
            throw new InvalidDataException("its header is damaged");
        }

        if ((header[3] & HasExtra) != 0)
        {
            Span<byte> size = stackalloc byte[2];
            Need(size);
            Skip(BinaryPrimitives.ReadUInt16LittleEndian(size));
        }

        SkipText((header[3] & HasName) != 0);
        SkipText((header[3] & HasComment) != 0);
        Skip((header[3] & HasChecksum) != 0 ? 2 : 0);
    }

    private void EndMember()
    {
        member!.Dispose();
        member = null;
        Span<byte> trailer = stackalloc byte[TrailerLength];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], length);
        if (!source.TrySkipPast(trailer))
        {
            throw new InvalidDataException("it is cut, or its checksum is wrong");
        }

        int next = source.Peek(out byte second);
        isAtEnd = next < 0;
        if (!isAtEnd && (next != 0x1f || second != 0x8b))
        {
            throw new InvalidDataException("something follows after its end");
        }
    }

    private void Need(Span<byte> bytes)
    {
        if (source.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new InvalidDataException("it is cut inside its header");
        }
    }

    private void Skip(int count)
    {
        Span<byte> one = stackalloc byte[1];
        for (; count > 0; count--)
        {
            Need(one);
        }
    }

    private void SkipText(bool isThere)
    {
        const int Longest = 1 << 16;
        Span<byte> one = [1];
        for (int i = 0; isThere && one[0] != 0; i++)
        {
            Need(one);
            if (i == Longest)
            {
                throw new InvalidDataException("its header has no end");
            }
        }
    }

    /// <summary>The compressed bytes; the last that were read can be read again.</summary>
    private sealed class Source(Stream inner) : ForwardStream
    {
        private const int Most = 1 << 13;

        // From `at` to `end`: not read yet. Before `at`: what the last call returned, and a little of the one before it.
        private readonly byte[] buffer = new byte[TrailerLength + Most + TrailerLength];
        private int at;
        private int end;
        private int taken;
        private int from;

        public override int Read(Span<byte> destination)
        {
            if (at == end && !Fill())
            {
                return 0;
            }

            int count = Math.Min(destination.Length, end - at);
            buffer.AsSpan(at, count).CopyTo(destination);
            at += count;
            taken = at;
            return count;
        }

        /// <summary>What is searched by <see cref="TrySkipPast"/> begins here.</summary>
        public void Mark() => from = at;

        /// <summary>Continues after the first <paramref name="text"/> in what the last call returned, or directly after it.</summary>
        public bool TrySkipPast(ReadOnlySpan<byte> text)
        {
            // The text may begin in what was returned and end in what was not read yet.
            while (end - taken < text.Length && end < buffer.Length)
            {
                int count = inner.Read(buffer, end, buffer.Length - end);
                if (count == 0)
                {
                    break;
                }

                end += count;
            }

            ReadOnlySpan<byte> rest = buffer.AsSpan(from, Math.Min(end, taken + text.Length) - from);
            int found = rest.IndexOf(text);
            if (found < 0)
            {
                return false;
            }

            // The trailer of an empty member is zeros, and so is the last byte before it.
            while (rest[(found + 1)..].StartsWith(text))
            {
                found++;
            }

            at = from + found + text.Length;
            return true;
        }

        /// <summary>The next byte, -1 at the end; and the one after it, 0 if there is none.</summary>
        public int Peek(out byte second)
        {
            second = 0;
            if (at == end && !Fill())
            {
                return -1;
            }

            byte first = buffer[at];
            if (end - at < 2)
            {
                // Two bytes at the front; nothing that was returned is needed any more.
                buffer[0] = first;
                at = 0;
                from = 0;
                end = 1 + inner.Read(buffer, 1, Most);
            }

            second = end - at > 1 ? buffer[at + 1] : (byte)0;
            return first;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        // The decompressor reads on before it knows that it has enough: the end of the call before is kept.
        private bool Fill()
        {
            int kept = Math.Min(end, TrailerLength);
            from = Math.Max(0, from - (end - kept));
            buffer.AsSpan(end - kept, kept).CopyTo(buffer);
            int count = inner.Read(buffer, kept, Most);
            at = kept;
            end = kept + count;
            taken = at;
            return count > 0;
        }
    }
}
