using System.Buffers;
using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Library;

namespace DaxEmu.Core.CApi;

/// <content>Files: read, written, cut, allocated, shared.</content>
internal static unsafe partial class CInterface
{
    // As read(2): no call moves more.
    private const int MostMovedBytes = 0x7FFF_F000;
    private const int BounceBytes = 1 << 20;

    private const int FallocateKeepSize = 0x01;
    private const int FallocatePunchHole = 0x02;
    private const int FallocateCollapse = 0x08;
    private const int FallocateZero = 0x10;
    private const int FallocateInsert = 0x20;
    private const int FallocateUnshare = 0x40;

    private const uint ExtentIsShared = 1;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_close")]
    internal static int FileClose(nint file) => Call.Do(() =>
    {
        SharedFile shared = Handles.Remove<OpenFile>(file).Shared;
        shared.Volume.Close(shared);
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_read")]
    internal static long FileRead(nint file, void* buffer, nuint size, long offset) => Call.Count(() =>
    {
        DaxFile from = Handles.Get<OpenFile>(file).File;
        return Moved(buffer, size, (memory, length, done) => from.Read(new Span<byte>((void*)memory, length), offset + done), toCaller: true);
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_write")]
    internal static long FileWrite(nint file, void* buffer, nuint size, long offset) => Call.Count(() =>
    {
        DaxFile to = Handles.Get<OpenFile>(file).Changed;
        return Moved(buffer, size, (memory, length, done) => to.Write(new ReadOnlySpan<byte>((void*)memory, length), offset + done), toCaller: false);
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_size")]
    internal static long FileSize(nint file) => Call.Count(() => Handles.Get<OpenFile>(file).File.Length);

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_truncate")]
    internal static int FileTruncate(nint file, long size) => Call.Do(() => Handles.Get<OpenFile>(file).Changed.SetLength(size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_sync")]
    internal static int FileSync(nint file) => Call.Do(() => Handles.Get<OpenFile>(file).File.Sync());

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_allocate")]
    internal static int FileAllocate(nint file, int mode, long offset, long length) =>
        Call.Do(() => Allocate(Handles.Get<OpenFile>(file).Changed, mode, offset, length));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_clone")]
    internal static int FileClone(nint source, nint target) =>
        Call.Do(() => Handles.Get<OpenFile>(source).File.CloneTo(Handles.Get<OpenFile>(target).Changed));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_clone_range")]
    internal static int FileCloneRange(nint source, long offset, long length, nint target, long targetOffset) => Call.Do(
        () => Handles.Get<OpenFile>(source).File.CloneRange(offset, length, Handles.Get<OpenFile>(target).Changed, targetOffset));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_compare")]
    internal static long FileCompare(nint file, long offset, nint other, long otherOffset, long length) => Call.Count(
        () => Handles.Get<OpenFile>(file).File.Compare(offset, Handles.Get<OpenFile>(other).File, otherOffset, length));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_deduplicate")]
    internal static int FileDeduplicate(nint source, long offset, long length, nint target, long targetOffset) => (int)Call.Count(
        () => Handles.Get<OpenFile>(source).File.Deduplicate(offset, length, Handles.Get<OpenFile>(target).Changed, targetOffset) ? 1 : 0);

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_copy_range")]
    internal static long FileCopyRange(nint source, long offset, nint target, long targetOffset, nuint length) => Call.Count(
        () => Copy(Handles.Get<OpenFile>(source).File, offset, Handles.Get<OpenFile>(target).Changed, targetOffset, (long)Math.Min(length, MostMovedBytes)));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_list_extents")]
    internal static long FileListExtents(nint file, DaxemuExtent* extents, nuint capacity) => Call.Count(() =>
    {
        IReadOnlyList<Extent> all = Handles.Get<OpenFile>(file).File.ExtentList;
        GiveAll([.. all.Select(ExtentOf)], extents, capacity);
        return all.Count;
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_name")]
    internal static long FileName(nint file, byte* buffer, nuint size) =>
        Call.Count(() => Utf8Text.Give(Handles.Get<OpenFile>(file).File.Name ?? string.Empty, buffer, size));

    private delegate int Mover(nint memory, int length, long done);

    // Straight to and from the caller's memory, or by a buffer where that lies in a mapping.
    private static long Moved(void* buffer, nuint size, Mover move, bool toCaller)
    {
        int wanted = (int)Math.Min(size, MostMovedBytes);
        if (wanted == 0)
        {
            return move(0, 0, 0);
        }

        CallerMemory.Required(buffer, "The buffer");
        return CallerMemory.IsPlain(buffer, wanted) ? move((nint)buffer, wanted, 0) : MovedByBuffer((byte*)buffer, wanted, move, toCaller);
    }

    private static long MovedByBuffer(byte* buffer, int wanted, Mover move, bool toCaller)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(Math.Min(wanted, BounceBytes));
        int done = 0;
        try
        {
            fixed (byte* bounce = rented)
            {
                while (done < wanted)
                {
                    int length = Math.Min(rented.Length, wanted - done);
                    if (!toCaller)
                    {
                        CallerMemory.Read(rented.AsSpan(0, length), buffer + done);
                    }

                    int moved = move((nint)bounce, length, done);
                    if (toCaller)
                    {
                        CallerMemory.Write(buffer + done, rented.AsSpan(0, moved));
                    }

                    done += moved;
                    if (moved < length)
                    {
                        break;
                    }
                }
            }
        }
        catch (Exception) when (done > 0)
        {
            // What was moved counts; a call for the rest gets the error.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return done;
    }

    private static void Allocate(DaxFile file, int mode, long offset, long length)
    {
        switch (mode)
        {
            case 0 or FallocateKeepSize:
                file.Allocate(offset, length, keepSize: mode != 0);
                break;
            case FallocatePunchHole | FallocateKeepSize:
                file.PunchHole(offset, length);
                break;
            case FallocateCollapse:
                file.CollapseRange(offset, length);
                break;
            case FallocateZero:
                file.ZeroRange(offset, length);
                break;
            case FallocateInsert:
                file.InsertRange(offset, length);
                break;
            case FallocateUnshare or (FallocateUnshare | FallocateKeepSize):
                file.Unshare(offset, length);
                break;
            default:
                throw new IOException($"There is no mode 0x{mode:x} of allocation here. Use one that daxemu.h lists.", Errno.Eopnotsupp);
        }
    }

    private static long Copy(DaxFile source, long offset, DaxFile target, long targetOffset, long length)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, BounceBytes));
        try
        {
            long done = 0;
            while (done < length)
            {
                int read = source.Read(rented.AsSpan(0, (int)Math.Min(rented.Length, length - done)), offset + done);
                int written = read == 0 ? 0 : target.Write(rented.AsSpan(0, read), targetOffset + done);
                done += written;
                if (written == 0 || written < read)
                {
                    break;
                }
            }

            return done;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static DaxemuExtent ExtentOf(Extent extent) => new()
    {
        OffsetBytes = extent.First.OffsetBytes,
        LengthBytes = extent.PageCount << DaxConstants.PageShift,
        DeviceOffsetBytes = extent.Kind == ExtentKind.Hole ? -1 : extent.Pfn.OffsetBytes,
        Kind = (int)extent.Kind,
        Flags = extent.IsShared ? ExtentIsShared : 0,
    };
}
