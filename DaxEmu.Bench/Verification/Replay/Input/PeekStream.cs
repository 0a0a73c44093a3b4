using DaxEmu.Native.Files;

namespace DaxEmu.Bench.Verification.Replay.Input;

/// <summary>A stream whose first bytes can be looked at before they are read. It needs no seek.</summary>
internal sealed class PeekStream(Stream inner) : ForwardStream
{
    private byte[] buffer = new byte[1 << 12];
    private int start;
    private int end;

    /// <summary>What was looked at and is not read yet.</summary>
    public ReadOnlySpan<byte> Peeked => buffer.AsSpan(start, end - start);

    /// <summary>Looks at the first bytes.</summary>
    /// <param name="count">How many are wanted.</param>
    /// <returns>At least as many; fewer if the stream ends before.</returns>
    public ReadOnlySpan<byte> Peek(int count)
    {
        while (end - start < count && TryFill())
        {
        }

        return Peeked;
    }

    /// <summary>Passes over bytes that were looked at.</summary>
    public void Skip(int count) => start += Math.Min(count, end - start);

    public override int Read(Span<byte> destination)
    {
        if (start == end)
        {
            return inner.Read(destination);
        }

        int count = Math.Min(destination.Length, end - start);
        Peeked[..count].CopyTo(destination);
        start += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryFill()
    {
        if (end == buffer.Length)
        {
            Array.Resize(ref buffer, 2 * buffer.Length);
        }

        int count = inner.Read(buffer, end, buffer.Length - end);
        end += count;
        return count > 0;
    }
}
