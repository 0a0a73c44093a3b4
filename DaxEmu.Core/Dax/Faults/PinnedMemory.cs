using System.Buffers;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The memory of a <see cref="PagePin"/>: pieces of native memory that throw when they are used after the pin.</summary>
internal sealed unsafe class PinnedMemory(PagePin pin)
{
    // A Memory has at most 2 GiB; a piece ends at a page.
    private const long MostPieceBytes = 1 << 30;

    private readonly List<(nint Start, long Length)> runs = [];

    /// <summary>Whether some of it is private copies of the VMA, which are not given out.</summary>
    public bool HasCopies { get; set; }

    /// <summary>The pieces, in order.</summary>
    /// <exception cref="InvalidOperationException">Some are private copies.</exception>
    /// <exception cref="ObjectDisposedException">The pin was disposed.</exception>
    public IReadOnlyList<Memory<byte>> Pieces
    {
        get
        {
            ThrowIfDisposed();
            if (HasCopies)
            {
                throw new InvalidOperationException("Part of the pinned range is private copies, which belong to the view. Read them through the view.");
            }

            return [.. runs.Select(r => new Manager(this, (byte*)r.Start, (int)r.Length).Memory)];
        }
    }

    /// <summary>The pieces as one sequence.</summary>
    public ReadOnlySequence<byte> Sequence
    {
        get
        {
            IReadOnlyList<Memory<byte>> pieces = Pieces;
            if (pieces.Count == 0)
            {
                return ReadOnlySequence<byte>.Empty;
            }

            var first = new Segment(pieces[0], 0);
            Segment last = first;
            foreach (Memory<byte> piece in pieces.Skip(1))
            {
                last = last.Append(piece);
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }

    /// <summary>Adds a run; one that continues the last is joined to it.</summary>
    public void Add(byte* start, long lengthBytes)
    {
        if (runs.Count > 0 && runs[^1] is var last && last.Start + (nint)last.Length == (nint)start && last.Length + lengthBytes <= MostPieceBytes)
        {
            runs[^1] = (last.Start, last.Length + lengthBytes);
        }
        else
        {
            runs.Add(((nint)start, lengthBytes));
        }
    }

    /// <summary>Leaves out what was not asked for of the first and the last page.</summary>
    /// <param name="skipBytes">Bytes before the first one, less than a page.</param>
    /// <param name="lengthBytes">How many bytes stay.</param>
    public void CutTo(long skipBytes, long lengthBytes)
    {
        if (lengthBytes == 0)
        {
            runs.Clear();
            return;
        }

        runs[0] = (runs[0].Start + (nint)skipBytes, runs[0].Length - skipBytes);
        long surplus = runs.Sum(r => r.Length) - lengthBytes;
        runs[^1] = (runs[^1].Start, runs[^1].Length - surplus);
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(pin.IsDisposed, pin);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(Memory<byte> memory, long runningIndex)
        {
            Memory = memory;
            RunningIndex = runningIndex;
        }

        public Segment Append(Memory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }

    // It refers to the pin, which keeps the device's memory mapped.
    private sealed class Manager(PinnedMemory owner, byte* start, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            owner.ThrowIfDisposed();

            // SAFETY: the pages are pinned until the pin is disposed, and the pin keeps the device's memory mapped.
            return new Span<byte>(start, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            owner.ThrowIfDisposed();
            ArgumentOutOfRangeException.ThrowIfNegative(elementIndex);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(elementIndex, length);
            return new MemoryHandle(start + elementIndex, pinnable: this);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
