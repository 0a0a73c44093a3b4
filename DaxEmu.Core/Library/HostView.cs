using System.Buffers;
using DaxEmu.Core.Library;
using DaxEmu.Native.Library;

namespace DaxEmu.Core;

/// <summary>A range of a file as memory of this process (mmap): spans over it are contiguous however the file's blocks lie, and fault for real.</summary>
/// <remarks>
/// <para>
/// Unlike the spans of <see cref="DaxView"/>, these stay good over writeback, truncate and punch: a store faults where the page must become dirty
/// again. They end with <see cref="Dispose()"/>: no span may be used when it begins.
/// </para>
/// <para>
/// A page that cannot be reached (past EOF, lost, no block left, a store without the right) is a <see cref="NullReferenceException"/> at the
/// access, in managed code. <see cref="Read"/> and <see cref="Write"/> report what it is.
/// </para>
/// </remarks>
public sealed unsafe class HostView : MemoryManager<byte>
{
    private readonly Lock gate = new();
    private readonly byte* address;
    private bool isDisposed;

    internal HostView(void* address, long length, long fileOffset, MapMode mode)
    {
        this.address = (byte*)address;
        Length = length;
        FileOffset = fileOffset;
        Mode = mode;
    }

    /// <summary>The first byte's address, for native code.</summary>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return (nint)address;
        }
    }

    /// <summary>Bytes from the start to the end; a multiple of 4096.</summary>
    public long Length { get; }

    /// <summary>The first byte of the file that is mapped.</summary>
    public long FileOffset { get; }

    /// <summary>What it is for.</summary>
    public MapMode Mode { get; }

    /// <summary>The memory from the start on, as much of it as a span can have.</summary>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public override Span<byte> GetSpan() => new((void*)Address, (int)Math.Min(Length, int.MaxValue));

    /// <summary>A part of the memory. Nothing is looked at: its pages fault when they are accessed.</summary>
    /// <param name="offset">First byte, from the start.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public Span<byte> GetSpan(long offset, int length) => new(At(offset, length), length);

    /// <inheritdoc/>
    public override MemoryHandle Pin(int elementIndex = 0) => new(At(elementIndex, 0), pinnable: this);

    /// <inheritdoc/>
    public override void Unpin()
    {
        // The addresses stay until it is disposed; the collector does not move them.
    }

    /// <summary>Copies bytes out, with an error instead of an exception of the runtime.</summary>
    /// <param name="buffer">Where they go.</param>
    /// <param name="offset">First byte, from the start.</param>
    /// <returns>How many: fewer before a byte that cannot be reached.</returns>
    /// <exception cref="DaxException">Not even the first byte can be reached; says why.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public int Read(Span<byte> buffer, long offset)
    {
        fixed (byte* to = buffer)
        {
            return buffer.IsEmpty ? 0 : (int)HostErrors.Check(LibraryCalls.CopyFrom(to, At(offset, buffer.Length), (nuint)buffer.Length));
        }
    }

    /// <summary>Copies bytes in, with an error instead of an exception of the runtime.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="offset">First byte, from the start.</param>
    /// <returns>How many: fewer before a byte that cannot be reached.</returns>
    /// <exception cref="DaxException">Not even the first byte can be reached; says why.</exception>
    /// <exception cref="UnauthorizedAccessException">The memory may not be stored to.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public int Write(ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* from = buffer)
        {
            return buffer.IsEmpty ? 0 : (int)HostErrors.Check(LibraryCalls.CopyTo(At(offset, buffer.Length), from, (nuint)buffer.Length));
        }
    }

    /// <summary>Makes what was stored durable, with the blocks and the size (msync).</summary>
    /// <param name="offset">First byte, from the start; a multiple of 4096.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="DaxException">A page could not be written back.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void Sync(long offset, long length) => HostErrors.Check(LibraryCalls.MemorySync(At(offset, length), (nuint)length));

    /// <summary>Moves stores to the device and waits for their arrival (libpmem2's persist): durable if the blocks are (see <see cref="MapMode.Sync"/>).</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void Persist(long offset, long length) => HostErrors.Check(LibraryCalls.Persist(At(offset, length), (nuint)length));

    /// <summary>Starts moving stores to the device; they are durable after <see cref="Drain"/>.</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void Flush(long offset, long length) => HostErrors.Check(LibraryCalls.Flush(At(offset, length), (nuint)length));

    /// <summary>Waits until what this thread flushed has arrived.</summary>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void Drain()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        HostErrors.Check(LibraryCalls.Drain());
    }

    /// <summary>Forgets the translations of a range, and private copies with their contents (<c>MADV_DONTNEED</c>).</summary>
    /// <param name="offset">First byte, from the start; a multiple of 4096.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void DontNeed(long offset, long length)
    {
        const int Advice = 4;
        HostErrors.Check(LibraryCalls.Advise(At(offset, length), (nuint)length, Advice));
    }

    /// <summary>Faults the pages of a range in, for stores or for loads (<c>MADV_POPULATE_WRITE</c>, <c>MADV_POPULATE_READ</c>).</summary>
    /// <param name="offset">First byte, from the start; a multiple of 4096.</param>
    /// <param name="length">How many.</param>
    /// <param name="forWriting">Whether stores follow.</param>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void Populate(long offset, long length, bool forWriting)
    {
        const int ForReading = 22;
        const int ForWriting = 23;
        HostErrors.Check(LibraryCalls.Advise(At(offset, length), (nuint)length, forWriting ? ForWriting : ForReading));
    }

    /// <summary>Allows loads alone, or stores too (mprotect).</summary>
    /// <param name="offset">First byte, from the start; a multiple of 4096.</param>
    /// <param name="length">How many.</param>
    /// <param name="isReadOnly">Whether stores are refused from here on.</param>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading.</exception>
    /// <exception cref="ObjectDisposedException">It was unmapped.</exception>
    public void Protect(long offset, long length, bool isReadOnly) =>
        HostErrors.Check(LibraryCalls.Protect(At(offset, length), (nuint)length, isReadOnly ? 1 : 3));

    /// <summary>Unmaps it: no span of it may be used any more. Again does nothing.</summary>
    /// <exception cref="DaxException">It is unmapped, but its file, which this has closed, could not be written back.</exception>
    public void Dispose() => ((IDisposable)this).Dispose();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        lock (gate)
        {
            if (!isDisposed)
            {
                isDisposed = true;
                HostErrors.Check(LibraryCalls.Unmap(address, (nuint)Length));
            }
        }
    }

    private byte* At(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return (byte*)Address + offset;
    }
}
