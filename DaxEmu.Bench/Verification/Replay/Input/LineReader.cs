namespace DaxEmu.Bench.Verification.Replay.Input;

/// <summary>Reads a text line by line, with a limit to the length of a line. Holds one line.</summary>
/// <param name="stream">The text in UTF-8; it stays the caller's.</param>
/// <param name="name">How errors call it.</param>
internal sealed class LineReader(Stream stream, string name)
{
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int end;
    private bool isAtEnd;

    /// <summary>How errors call the text.</summary>
    public string Name => name;

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
                return line.Length <= ReplayLimits.LineBytes ? true : throw TooLong(Number);
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

        if (end > ReplayLimits.LineBytes)
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

    private FormatException TooLong(long number) =>
        new($"{name}, line {number}: it is longer than {ReplayLimits.LineBytes >> 20} MiB, the longest that is read.");
}
