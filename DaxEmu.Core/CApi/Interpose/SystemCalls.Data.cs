using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Bytes: read, write and their forms, positions.</content>
/// <remarks>
/// Bytes go straight between the device and the program's buffer, which was checked before; where a file is mapped at the buffer, through memory in
/// between, in pieces.
/// </remarks>
internal sealed unsafe partial class SystemCalls
{
    // The most that Linux moves in one call.
    private const long MostBytes = 0x7FFF_F000;
    private const int MostVectors = 1024;
    private const int MostGathered = 1 << 20;
    private const int PieceBytes = 64 << 10;
    private const int FlagHighPriority = 1;
    private const int FlagDataSync = 2;
    private const int FlagSync = 4;
    private const int FlagNoWait = 8;
    private const int FlagAppend = 16;
    private const int FlagNoAppend = 32;
    private const int FlagsKnown = FlagHighPriority | FlagDataSync | FlagSync | FlagNoWait | FlagAppend | FlagNoAppend;
    private const int SeekSet = 0;
    private const int SeekCurrent = 1;
    private const int SeekEnd = 2;
    private const int SeekData = 3;
    private const int SeekHole = 4;

    private long Move(OpenDescription description, in SystemCall call) => call.Number switch
    {
        Sys.Read => Next(description, call.A1, call.A2, isWrite: false),
        Sys.Write => Next(description, call.A1, call.A2, isWrite: true),
        Sys.Pread64 => At(description, call.A1, call.A2, call.A3, isWrite: false),
        Sys.Pwrite64 => At(description, call.A1, call.A2, call.A3, isWrite: true),
        Sys.Readv => Vectors(description, call.A1, call.A2, offset: -1, flags: 0, isWrite: false),
        Sys.Writev => Vectors(description, call.A1, call.A2, offset: -1, flags: 0, isWrite: true),
        Sys.Preadv => call.A3 < 0 ? -Errno.Einval : Vectors(description, call.A1, call.A2, call.A3, flags: 0, isWrite: false),
        Sys.Pwritev => call.A3 < 0 ? -Errno.Einval : Vectors(description, call.A1, call.A2, call.A3, flags: 0, isWrite: true),
        _ => call.A3 < -1 ? -Errno.Einval : Vectors(description, call.A1, call.A2, call.A3, (int)call.A5, isWrite: call.Number == Sys.Pwritev2),
    };

    private static int Refusal(OpenDescription description, bool isWrite) =>
        !(isWrite ? description.CanWrite : description.CanRead) ? Errno.Ebadf : description.Inode.IsDirectory ? Errno.Eisdir : 0;

    private long Next(OpenDescription description, nint buffer, long count, bool isWrite)
    {
        int refusal = Refusal(description, isWrite);
        if (refusal != 0 || count < 0)
        {
            return -(refusal != 0 ? refusal : Errno.Einval);
        }

        DaxFile file = volume.FileOf(description.Inode);
        lock (description.PositionGate)
        {
            long offset = description.Position;
            long moved = isWrite ? Put(description, file, buffer, count, ref offset, description.IsAppend) : Get(file, buffer, count, offset);
            if (moved > 0)
            {
                description.Position = offset + moved;
            }

            return moved;
        }
    }

    private long At(OpenDescription description, nint buffer, long count, long offset, bool isWrite)
    {
        int refusal = Refusal(description, isWrite);
        if (refusal != 0 || offset < 0 || count < 0)
        {
            return -(offset < 0 ? Errno.Einval : refusal != 0 ? refusal : Errno.Einval);
        }

        DaxFile file = volume.FileOf(description.Inode);
        return isWrite ? Put(description, file, buffer, count, ref offset, description.IsAppend) : Get(file, buffer, count, offset);
    }

    private long Get(DaxFile file, nint buffer, long count, long offset)
    {
        long wanted = Math.Min(Math.Min(count, MostBytes), file.Length - offset);
        if (wanted <= 0)
        {
            return 0;
        }

        if (DaxRanges.AreThere && DaxRanges.Overlaps(buffer, wanted))
        {
            return GetInPieces(file, buffer, wanted, offset);
        }

        if (!memory.IsUsable(buffer, wanted, isWrite: true))
        {
            wanted = memory.UsablePrefix(buffer, wanted, isWrite: true);
            if (wanted == 0)
            {
                return -Errno.Efault;
            }
        }

        return file.Read(new Span<byte>((void*)buffer, (int)wanted), offset);
    }

    private static long GetInPieces(DaxFile file, nint buffer, long count, long offset)
    {
        byte[] piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(PieceBytes, count));
        long done = 0;
        while (done < count)
        {
            int read = file.Read(piece.AsSpan(0, (int)Math.Min(piece.Length, count - done)), offset + done);
            if (read == 0)
            {
                break;
            }

            try
            {
                UserMemory.Store(buffer + (nint)done, piece.AsSpan(0, read));
            }
            catch (SystemCallException) when (done > 0)
            {
                break;
            }

            done += read;
        }

        return done;
    }

    // Where the bytes went shows in the offset, if they were appended.
    private long Put(OpenDescription description, DaxFile file, nint buffer, long count, ref long offset, bool appends)
    {
        if (count == 0)
        {
            return 0;
        }

        long wanted = Math.Min(count, MostBytes);
        long most = file.MaximumBytes;
        long start = appends ? file.Length : offset;
        if (start >= most)
        {
            return -Errno.Efbig;
        }

        wanted = Math.Min(wanted, most - start);
        long written;
        if (DaxRanges.AreThere && DaxRanges.Overlaps(buffer, wanted))
        {
            written = PutInPieces(file, buffer, wanted, ref offset, appends);
        }
        else
        {
            if (!memory.IsUsable(buffer, wanted, isWrite: false))
            {
                wanted = memory.UsablePrefix(buffer, wanted, isWrite: false);
                if (wanted == 0)
                {
                    return -Errno.Efault;
                }
            }

            var bytes = new ReadOnlySpan<byte>((void*)buffer, (int)wanted);
            written = appends ? file.Append(bytes, out offset) : file.Write(bytes, offset);
        }

        if (description.IsSync)
        {
            file.Sync();
        }

        return written;
    }

    private static long PutInPieces(DaxFile file, nint buffer, long count, ref long offset, bool appends)
    {
        byte[] piece = GC.AllocateUninitializedArray<byte>((int)Math.Min(PieceBytes, count));
        long done = 0;
        while (done < count)
        {
            Span<byte> bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, count - done));
            try
            {
                UserMemory.Load(buffer + (nint)done, bytes);
                int written = appends && done == 0 ? file.Append(bytes, out offset) : file.Write(bytes, offset + done);
                done += written;
                if (written < bytes.Length)
                {
                    break;
                }
            }
            catch (Exception problem) when (done > 0 && problem is SystemCallException or DaxException)
            {
                break;
            }
        }

        return done;
    }

    private long Vectors(OpenDescription description, nint address, long count, long offset, int flags, bool isWrite)
    {
        if (!(isWrite ? description.CanWrite : description.CanRead))
        {
            return -Errno.Ebadf;
        }

        if (count is < 0 or > MostVectors)
        {
            return -Errno.Einval;
        }

        if ((flags & ~FlagsKnown) != 0)
        {
            return -Errno.Eopnotsupp;
        }

        var vectors = new IoVector[count];
        fixed (IoVector* start = vectors)
        {
            UserMemory.Load(address, new Span<byte>(start, (int)count * sizeof(IoVector)));
        }

        long total = 0;
        foreach (IoVector vector in vectors)
        {
            if (vector.Length < 0)
            {
                return -Errno.Einval;
            }

            total = Math.Min(MostBytes, total + Math.Min(vector.Length, MostBytes));
        }

        if (total == 0 || description.Inode.IsDirectory)
        {
            return total == 0 ? 0 : -Errno.Eisdir;
        }

        DaxFile file = volume.FileOf(description.Inode);
        bool appends = isWrite && (description.IsAppend || (flags & FlagAppend) != 0) && (flags & FlagNoAppend) == 0;
        long moved;
        if (offset >= 0)
        {
            moved = MoveVectors(description, file, vectors, total, ref offset, isWrite, appends);
        }
        else
        {
            lock (description.PositionGate)
            {
                offset = description.Position;
                moved = MoveVectors(description, file, vectors, total, ref offset, isWrite, appends);
                description.Position = moved > 0 ? offset + moved : description.Position;
            }
        }

        if (isWrite && moved > 0 && (flags & (FlagDataSync | FlagSync)) != 0)
        {
            file.Sync();
        }

        return moved;
    }

    // Bytes that are written by one call lie in one piece, also if they are appended beside other writers: so they are gathered first. The end of
    // the file that the first piece meets is where the others follow.
    private long MoveVectors(OpenDescription description, DaxFile file, IoVector[] vectors, long total, ref long offset, bool isWrite, bool appends)
    {
        if (isWrite && vectors.Length > 1 && total <= MostGathered)
        {
            return WriteGathered(description, file, vectors, (int)total, ref offset, appends);
        }

        long done = 0;
        foreach (IoVector vector in vectors)
        {
            long wanted = Math.Min(vector.Length, total - done);
            long at = offset + done;
            long moved;
            try
            {
                moved = isWrite
                    ? Put(description, file, vector.Address, wanted, ref at, appends && done == 0)
                    : Get(file, vector.Address, wanted, at);
            }
            catch (Exception problem) when (done > 0 && problem is SystemCallException or DaxException)
            {
                return done;
            }

            if (moved < 0)
            {
                return done > 0 ? done : moved;
            }

            offset = done == 0 ? at : offset;
            done += moved;
            if (moved < wanted)
            {
                break;
            }
        }

        return done;
    }

    private long WriteGathered(OpenDescription description, DaxFile file, IoVector[] vectors, int total, ref long offset, bool appends)
    {
        byte[] gathered = GC.AllocateUninitializedArray<byte>(Math.Max(1, total), pinned: true);
        int done = 0;
        foreach (IoVector vector in vectors)
        {
            int wanted = (int)Math.Min(vector.Length, total - done);
            bool isMapped = DaxRanges.Overlaps(vector.Address, wanted);
            int usable = isMapped ? wanted : (int)memory.UsablePrefix(vector.Address, wanted, isWrite: false);
            if (isMapped)
            {
                UserMemory.Load(vector.Address, gathered.AsSpan(done, wanted));
            }
            else
            {
                new ReadOnlySpan<byte>((void*)vector.Address, usable).CopyTo(gathered.AsSpan(done));
            }

            done += usable;
            if (usable < wanted)
            {
                if (done == 0)
                {
                    return -Errno.Efault;
                }

                break;
            }
        }

        if (done == 0)
        {
            return 0;
        }

        long most = file.MaximumBytes;
        long start = appends ? file.Length : offset;
        if (start >= most)
        {
            return -Errno.Efbig;
        }

        ReadOnlySpan<byte> bytes = gathered.AsSpan(0, (int)Math.Min(done, most - start));
        long written = appends ? file.Append(bytes, out offset) : file.Write(bytes, offset);
        if (description.IsSync)
        {
            file.Sync();
        }

        return written;
    }

    private long Seek(OpenDescription description, long offset, int whence)
    {
        if (description.IsPath)
        {
            return -Errno.Ebadf;
        }

        if (description.Inode.IsDirectory)
        {
            return SeekDirectory(description, offset, whence);
        }

        DaxFile file = volume.FileOf(description.Inode);
        lock (description.PositionGate)
        {
            long target;
            switch (whence)
            {
                case SeekSet:
                    target = offset;
                    break;
                case SeekCurrent:
                    target = description.Position + offset;
                    break;
                case SeekEnd:
                    target = file.Length + offset;
                    break;
                case SeekData or SeekHole:
                    if (offset < 0 || offset >= file.Length)
                    {
                        return -Errno.Enxio;
                    }

                    target = FindNext(file, offset, whence == SeekData);
                    break;
                default:
                    return -Errno.Einval;
            }

            if (target < 0)
            {
                return whence == SeekData ? -Errno.Enxio : -Errno.Einval;
            }

            return description.Position = target;
        }
    }

    // The next byte with data, or the next hole; -1 if there is no data any more. What reads as zeroes without having been written is a hole.
    private static long FindNext(DaxFile file, long offset, bool data)
    {
        long size = file.Length;
        long at = offset;
        foreach (Extent extent in file.Extents.Blocks.In(PageRange.Between(PageIndex.FromBytes(offset), PageRange.All.End)))
        {
            if (extent.ReadsAsZeroes)
            {
                continue;
            }

            long first = Math.Max(offset, extent.First.OffsetBytes);
            if (data)
            {
                return first < size ? first : -1;
            }

            if (first > at)
            {
                return at;
            }

            at = extent.End.OffsetBytes;
        }

        return data ? -1 : Math.Min(at, size);
    }
}
