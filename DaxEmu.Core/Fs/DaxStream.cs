namespace DaxEmu.Core;

/// <summary>
/// A file as a <see cref="Stream"/>. Not safe for several threads, as streams are; the file below it is. Does not close the file.
/// </summary>
public sealed class DaxStream : Stream
{
    private readonly DaxFile file;
    private long position;
    private bool isDisposed;

    internal DaxStream(DaxFile file) => this.file = file;

    /// <inheritdoc/>
    public override bool CanRead => !isDisposed;

    /// <inheritdoc/>
    public override bool CanSeek => !isDisposed;

    /// <inheritdoc/>
    public override bool CanWrite => !isDisposed && file.CanWrite;

    /// <inheritdoc/>
    public override long Length => Open().Length;

    /// <inheritdoc/>
    public override long Position
    {
        get => position;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            position = value;
        }
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int read = position >= Open().Length ? 0 : file.Read(buffer, position);
        position += read;
        return read;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    /// <summary>Writes all bytes.</summary>
    /// <exception cref="DaxException">Not all could be written; <see cref="Position"/> is after those that were.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        Open();
        while (!buffer.IsEmpty)
        {
            int written = file.Write(buffer, position);
            position += written;
            buffer = buffer[written..];
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        Write(buffer.AsSpan(offset, count));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">The place lies before the start of the file, or is no number; or there is no such origin.</exception>
    public override long Seek(long offset, SeekOrigin origin)
    {
        long start = origin switch
        {
            SeekOrigin.Begin => 0,
            SeekOrigin.Current => position,
            SeekOrigin.End => Length,
            _ => throw new ArgumentOutOfRangeException(nameof(origin), origin, "There is no such origin."),
        };
        ArgumentOutOfRangeException.ThrowIfLessThan(offset, -start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, long.MaxValue - start);
        Position = start + offset;
        return position;
    }

    /// <inheritdoc/>
    public override void SetLength(long value) => Open().SetLength(value);

    /// <summary>Makes everything durable (see <see cref="DaxFile.Sync"/>).</summary>
    public override void Flush() => Open().Sync();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        isDisposed = true;
        base.Dispose(disposing);
    }

    private DaxFile Open()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        return file;
    }
}
