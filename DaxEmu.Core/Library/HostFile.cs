using DaxEmu.Core.Library;
using DaxEmu.Native.Library;

namespace DaxEmu.Core;

/// <summary>A file of a <see cref="HostVolume"/>: read and written, or mapped as memory. Safe for many threads.</summary>
public sealed unsafe class HostFile : IDisposable
{
    private readonly Lock gate = new();
    private readonly nint file;
    private bool isDisposed;

    internal HostFile(HostVolume volume, string path, nint file)
    {
        Volume = volume;
        Path = path;
        this.file = file;
    }

    /// <summary>The volume that it lies on.</summary>
    public HostVolume Volume { get; }

    /// <summary>The path by which it was opened.</summary>
    public string Path { get; }

    /// <summary>Its size, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long Length => HostErrors.Check(LibraryCalls.FileSize(file));

    /// <summary>How many extents it has: with more than one its blocks may lie apart, and a mapping of it is contiguous all the same.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long ExtentCount => HostErrors.Check(LibraryCalls.FileListExtents(file, null, 0));

    /// <summary>Maps bytes of the file as memory.</summary>
    /// <param name="offset">The first byte; a multiple of 4096.</param>
    /// <param name="length">How many; rounded up to pages. They may lie past the end of the file, but cannot be accessed there.</param>
    /// <param name="mode">What the memory is for.</param>
    /// <exception cref="ArgumentException">The offset is not aligned, the length is not positive, or the mode is none.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading, and the mapping would be shared and writable.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public HostView Map(long offset, long length, MapMode mode = MapMode.Shared)
    {
        const int Read = 1;
        const int Write = 2;
        const int Shared = 1;
        const int Private = 2;
        const int Sync = 0x80000;
        const int SmallPages = 0x10000000;
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        VmArea.CheckMode(mode);
        int flags = ((mode & MapMode.Shared) != 0 ? Shared : Private)
            | ((mode & MapMode.Sync) != 0 ? Sync : 0)
            | ((mode & MapMode.NoHugePage) != 0 ? SmallPages : 0);
        void* address = null;
        HostErrors.Check(LibraryCalls.Map(file, offset, (nuint)length, (mode & MapMode.ReadOnly) != 0 ? Read : Read | Write, flags, &address));
        return new HostView(address, (length + DaxConstants.PageSize - 1) & -DaxConstants.PageSize, offset, mode);
    }

    /// <summary>Reads bytes, up to the end of the file.</summary>
    /// <returns>How many: fewer where the file ends, or where the next byte cannot be read.</returns>
    /// <exception cref="DaxException">Not even the first byte can be read.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public int Read(Span<byte> buffer, long offset)
    {
        fixed (byte* to = buffer)
        {
            return (int)HostErrors.Check(LibraryCalls.FileRead(file, to, (nuint)buffer.Length, offset));
        }
    }

    /// <summary>Writes bytes; the file grows if they reach past its end.</summary>
    /// <returns>How many: fewer where the next byte cannot be written.</returns>
    /// <exception cref="DaxException">Not even the first byte can be written.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public int Write(ReadOnlySpan<byte> buffer, long offset)
    {
        fixed (byte* from = buffer)
        {
            return (int)HostErrors.Check(LibraryCalls.FileWrite(file, from, (nuint)buffer.Length, offset));
        }
    }

    /// <summary>Sets the length. What lies past it goes, from mappings too; new bytes read as zeroes.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public void SetLength(long length) => HostErrors.Check(LibraryCalls.FileTruncate(file, length));

    /// <summary>Puts blocks behind a range (fallocate).</summary>
    /// <exception cref="DaxException">There are not enough blocks.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public void Allocate(long offset, long length, bool keepSize = false) => Allocate(keepSize ? 1 : 0, offset, length);

    /// <summary>Takes the blocks out of a range, which reads as zeroes then.</summary>
    /// <exception cref="DaxException">A part of a page could not be zeroed, or a page is pinned.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public void PunchHole(long offset, long length) => Allocate(3, offset, length);

    /// <summary>Makes a range read as zeroes, with blocks behind all of it.</summary>
    /// <exception cref="DaxException">There are not enough blocks, or a page is pinned.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public void ZeroRange(long offset, long length) => Allocate(0x10, offset, length);

    /// <summary>Takes a range out of the file; what lies after it moves down.</summary>
    /// <exception cref="ArgumentException">The range is not aligned, or reaches to the end.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public void CollapseRange(long offset, long length) => Allocate(8, offset, length);

    /// <summary>Inserts a hole: what lies at the offset and after it moves up.</summary>
    /// <exception cref="ArgumentException">The range is not aligned, or begins past EOF.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed, or opened for reading.</exception>
    public void InsertRange(long offset, long length) => Allocate(0x20, offset, length);

    /// <summary>Makes everything durable that was written, or stored through mappings (fsync).</summary>
    /// <exception cref="DaxException">Something could not be written back.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void Sync() => HostErrors.Check(LibraryCalls.FileSync(file));

    /// <summary>Pretends that the memory behind a byte is lost: it cannot be reached before its page was written as a whole.</summary>
    /// <exception cref="DaxException">There is no written block behind it.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public void InjectPoison(long offset) => HostErrors.Check(LibraryCalls.FilePoison(file, offset));

    /// <summary>Closes it; mappings stay, and keep it open. Again does nothing.</summary>
    /// <exception cref="DaxException">It is closed, but not all of it could be written back.</exception>
    public void Dispose()
    {
        lock (gate)
        {
            if (!isDisposed)
            {
                isDisposed = true;
                HostErrors.Check(LibraryCalls.FileClose(file));
            }
        }
    }

    /// <summary>The path.</summary>
    public override string ToString() => Path;

    private void Allocate(int mode, long offset, long length) => HostErrors.Check(LibraryCalls.FileAllocate(file, mode, offset, length));
}
