namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>Reads a text line by line, up to a longest line. Holds one buffer, which grows to the longest line that was met.</summary>
/// <param name="stream">The text, in UTF-8 or ASCII; it stays the caller's.</param>
/// <param name="name">What errors call the text.</param>
/// <param name="longestBytes">The longest line that is read.</param>
/// <param name="tooLong">What is wrong with a longer one, for the error.</param>
internal sealed class LineReader(Stream stream, string name, int longestBytes, string tooLong)
{
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int end;
    private bool isAtEnd;

    /// <summary>The line that was read last, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>The next line, without its end; valid until the next call.</summary>
    /// <returns>False at the end of the text.</returns>
    /// <exception cref="FormatException">The line is too long.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> line)
    {
        int searched = 0;
        while (true)
        {
            int length = buffer.AsSpan(start + searched, end - start - searched).IndexOf((byte)'\n');
            if (length >= 0 || (isAtEnd && end > start))
            {
                length = length >= 0 ? length + searched : end - start;
                Number++;
                line = buffer.AsMemory(start, length);
                start = Math.Min(end, start + length + 1);
                return line.Length <= longestBytes ? true : throw TooLong(Number);
            }

            if (isAtEnd)
            {
                line = default;
                return false;
            }

            searched = end - start;
            Fill();
        }
    }

    private void Fill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            end -= start;
            start = 0;
        }

        if (end > longestBytes)
        {
            throw TooLong(Number + 1);
        }

        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, 2 * buffer.Length);
        }

        int count = stream.Read(buffer, end, buffer.Length - end);
        isAtEnd = count == 0;
        end += count;
    }

    private FormatException TooLong(long number) => new($"{name}, line {number}: {tooLong}");
}
