using System.Globalization;
using DaxEmu.Core.Tracing.Ftrace;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// Reads the kernel's trace text: the file <c>trace</c> of tracefs, or what <c>trace-cmd report</c> prints, plain or gzipped. Streams: a
/// trace of any length takes the memory of one buffer. Comments are skipped, events that the emulator does not have are counted.
/// </summary>
public sealed class FtraceReader : IDisposable
{
    private const int LongestLine = 1 << 17;
    private const int ExcerptLength = 80;

    private readonly Stream stream;
    private readonly string name;
    private readonly FtraceLine parser = new();
    private readonly LineReader lines;
    private bool isDisposed;

    /// <summary>Reads from <paramref name="stream"/>, and disposes of it at the end.</summary>
    /// <param name="stream">Trace text, not compressed.</param>
    /// <param name="name">How errors call it.</param>
    public FtraceReader(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        this.stream = stream;
        this.name = name;
        lines = new LineReader(stream, name, LongestLine, $"no end within {LongestLine} bytes. This is no trace text.");
    }

    /// <summary>The line that was read last, from 1.</summary>
    public long LineNumber => lines.Number;

    /// <summary>Lines of events that the emulator does not have, up to here.</summary>
    public long UnknownEventCount { get; private set; }

    /// <summary>Events that the kernel says it lost, up to here: its buffer was too small.</summary>
    public long LostEventCount { get; private set; }

    /// <summary>Opens a file, plain or gzipped; its first bytes say which.</summary>
    /// <exception cref="IOException">It cannot be opened or read.</exception>
    public static FtraceReader Open(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16);
        try
        {
            bool isGzip = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
            file.Position = 0;
            return new FtraceReader(isGzip ? new GzipInput(file) : file, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads on to the next event that the emulator has.</summary>
    /// <returns>False at the end of the text.</returns>
    /// <exception cref="FormatException">A line is malformed; the message names file, line and what is wrong.</exception>
    /// <exception cref="InvalidDataException">The file is not what its first bytes say: a gzip that is damaged.</exception>
    public bool TryRead(out FtraceRecord record)
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        while (lines.TryRead(out ReadOnlyMemory<byte> bytes))
        {
            ReadOnlySpan<byte> line = bytes.Span.TrimEnd((byte)'\r');
            try
            {
                if (IsNote(line))
                {
                    continue;
                }

                if (parser.TryParse(line, out record))
                {
                    return true;
                }
            }
            catch (FormatException e)
            {
                ReadOnlySpan<byte> excerpt = line.Length > ExcerptLength ? line[..ExcerptLength] : line;
                throw new FormatException($"{name}, line {LineNumber}: {e.Message}. The line: {FtraceCursor.Text(excerpt)}", e);
            }

            UnknownEventCount++;
        }

        record = default;
        return false;
    }

    /// <summary>All events from here on.</summary>
    public IEnumerable<FtraceRecord> ReadAll()
    {
        while (TryRead(out FtraceRecord record))
        {
            yield return record;
        }
    }

    /// <summary>The error of the line that was read last.</summary>
    internal FormatException Wrong(string problem, Exception? inner = null) => new($"{name}, line {LineNumber}: {problem}.", inner);

    /// <summary>Closes what is read.</summary>
    public void Dispose()
    {
        if (!isDisposed)
        {
            isDisposed = true;
            stream.Dispose();
        }
    }

    // Lines between the events: comments, trace-cmd's first line "cpus=2", and "CPU:1 [LOST 17 EVENTS]".
    private bool IsNote(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> text = line.TrimStart((byte)' ');
        if (text.IsEmpty || text[0] == '#' || text.StartsWith("cpus="u8))
        {
            return true;
        }

        int lost = text.StartsWith("CPU:"u8) ? text.IndexOf("LOST"u8) : -1;
        if (lost < 0)
        {
            return false;
        }

        var cursor = new FtraceCursor(text[lost..]);
        cursor.Expect("LOST"u8);
        LostEventCount += long.TryParse(cursor.Word(), NumberStyles.None, CultureInfo.InvariantCulture, out long count) ? count : 1;
        return true;
    }
}
