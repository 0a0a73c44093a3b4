using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Bytes from file to file: copy_file_range, sendfile, splice.</content>
internal sealed unsafe partial class SystemCalls
{
    private const int CopyPieceBytes = 256 << 10;

    private bool ServeCopies(in SystemCall call, out long result)
    {
        result = 0;
        switch (call.Number)
        {
            case Sys.CopyFileRange:
                return (Owns((int)call.A0) || Owns((int)call.A2)) && Served(CopyRange(call), out result);
            case Sys.Sendfile:
                return (Owns((int)call.A0) || Owns((int)call.A1)) && Served(Send(call), out result);
            case Sys.Splice:
                // Programs read and write then.
                result = -Errno.Einval;
                return Owns((int)call.A0) || Owns((int)call.A2);
            default:
                return PassOn(call, out result);
        }
    }

    private long CopyRange(in SystemCall call)
    {
        if (call.A5 != 0)
        {
            return -Errno.Einval;
        }

        using var source = new CopyEnd(this, (int)call.A0, call.A1, isTarget: false);
        using var target = new CopyEnd(this, (int)call.A2, call.A3, isTarget: true);
        int errno = source.IsPath || target.IsPath ? Errno.Ebadf
            : source.IsDirectory || target.IsDirectory ? Errno.Eisdir
            : source.IsRefused || target.IsRefused || target.IsAppend ? Errno.Ebadf
            : source.IsBefore || target.IsBefore ? Errno.Einval
            : 0;

        // What is copied inside one file may not overlap.
        long count = Math.Clamp(call.A4, 0, MostBytes);
        if (errno == 0 && source.IsSameFile(target))
        {
            long copied = Math.Max(0, Math.Min(count, source.Length - source.Offset));
            errno = source.Offset < target.Offset + copied && target.Offset < source.Offset + copied ? Errno.Einval : 0;
        }

        return errno != 0 ? -errno : Copy(source, target, count);
    }

    private long Send(in SystemCall call)
    {
        using var source = new CopyEnd(this, (int)call.A1, call.A2, isTarget: false);
        using var target = new CopyEnd(this, (int)call.A0, offsetAddress: 0, isTarget: true);
        int errno = source.IsRefused || target.IsRefused ? Errno.Ebadf : source.IsBefore || source.IsDirectory || target.IsDirectory || target.IsAppend ? Errno.Einval : 0;
        return errno != 0 ? -errno : Copy(source, target, Math.Clamp(call.A3, 0, MostBytes));
    }

    // What was moved before an error is the result; the source's position goes as far as the target has got.
    private static long Copy(CopyEnd source, CopyEnd target, long count)
    {
        byte[] piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(CopyPieceBytes, Math.Max(1, count)), pinned: true);
        long done = 0;
        long failure = 0;
        while (done < count)
        {
            long read = source.Read(piece.AsSpan(0, (int)Math.Min(piece.Length, count - done)));
            long written = read <= 0 ? read : target.Write(piece.AsSpan(0, (int)read));
            if (written <= 0)
            {
                failure = written;
                break;
            }

            source.Advance(written);
            target.Advance(written);
            done += written;
            if (written < read)
            {
                break;
            }
        }

        if (done > 0)
        {
            source.Finish();
            target.Finish();
        }

        return done > 0 ? done : failure;
    }

    /// <summary>One end of a copy: a file of the volume, or any descriptor of the host.</summary>
    private sealed class CopyEnd : IDisposable
    {
        private readonly SystemCalls calls;
        private readonly OpenDescription? description;
        private readonly DaxFile? file;
        private readonly int descriptor;
        private readonly nint offsetAddress;
        private readonly bool holdsPosition;

        public CopyEnd(SystemCalls calls, int descriptor, nint offsetAddress, bool isTarget)
        {
            this.calls = calls;
            this.descriptor = descriptor;
            this.offsetAddress = offsetAddress;
            description = calls.table.Find(descriptor);
            Offset = offsetAddress == 0 ? -1 : UserMemory.Load<long>(offsetAddress);
            IsBefore = offsetAddress != 0 && Offset < 0;
            if (description is null)
            {
                return;
            }

            IsPath = description.IsPath;
            IsDirectory = description.Inode.IsDirectory;
            IsRefused = !(isTarget ? description.CanWrite : description.CanRead);
            if (!IsDirectory && !IsRefused && !IsBefore)
            {
                file = calls.volume.FileOf(description.Inode);
                if (offsetAddress == 0)
                {
                    description.PositionGate.Enter();
                    holdsPosition = true;
                    Offset = description.Position;
                }
            }
        }

        public bool IsPath { get; }

        public bool IsDirectory { get; }

        /// <summary>Whether the descriptor was not opened for it.</summary>
        public bool IsRefused { get; }

        /// <summary>Whether the offset lies before the file.</summary>
        public bool IsBefore { get; }

        /// <summary>Where the next byte is; -1 for the position of a descriptor of the host.</summary>
        public long Offset { get; private set; }

        public long Length => file?.Length ?? 0;

        public bool IsAppend => description is { IsAppend: true };

        public bool IsSameFile(CopyEnd other) => file is not null && file == other.file;

        public long Read(Span<byte> bytes)
        {
            if (file is not null)
            {
                return file.Read(bytes, Offset);
            }

            fixed (byte* start = bytes)
            {
                // Not yet past: what cannot be written is not consumed. A pipe or socket has no offset, and is.
                return Offset >= 0 ? RawSystemCall.Invoke(Sys.Pread64, descriptor, (nint)start, bytes.Length, (nint)Offset) : ReadAhead(start, bytes.Length);
            }
        }

        public long Write(ReadOnlySpan<byte> bytes)
        {
            if (file is not null)
            {
                long most = file.MaximumBytes - Offset;
                return most <= 0 ? -Errno.Efbig : file.Write(bytes[..(int)Math.Min(bytes.Length, most)], Offset);
            }

            fixed (byte* start = bytes)
            {
                return Offset >= 0
                    ? RawSystemCall.Invoke(Sys.Pwrite64, descriptor, (nint)start, bytes.Length, (nint)Offset)
                    : RawSystemCall.Invoke(Sys.Write, descriptor, (nint)start, bytes.Length);
            }
        }

        public void Advance(long count) => Offset = Offset < 0 ? Offset : Offset + count;

        /// <summary>Stores how far the copy has got.</summary>
        public void Finish()
        {
            if (offsetAddress != 0)
            {
                UserMemory.Store(offsetAddress, Offset);
            }
            else if (description is not null)
            {
                description.Position = Offset;
            }
        }

        public void Dispose()
        {
            if (holdsPosition)
            {
                description!.PositionGate.Exit();
            }
        }

        private long ReadAhead(byte* start, int count) => RawSystemCall.Invoke(Sys.Read, descriptor, (nint)start, count);
    }
}
