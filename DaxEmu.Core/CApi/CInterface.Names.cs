using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Library;

namespace DaxEmu.Core.CApi;

/// <content>Names: files and directories are made, found, renamed and deleted.</content>
internal static unsafe partial class CInterface
{
    private const int OpenReadWrite = 2;
    private const int OpenCreate = 0x40;
    private const int OpenExclusive = 0x80;
    private const int OpenTruncate = 0x200;
    private const int OpenTemporary = 0x410000;

    private const int EntryNameBytes = 256;
    private const int NanosecondsPerTick = 100;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_open")]
    internal static int FileOpen(nint volume, byte* path, int flags, nint* result) => Make(
        result, () => Open(Handles.Get<OpenVolume>(volume), Utf8Text.Required(path, "The path"), flags));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_unlink")]
    internal static int Unlink(nint volume, byte* path) => WithName(volume, path, (of, name) => of.Delete(name));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_rename")]
    internal static int Rename(nint volume, byte* path, byte* newPath) =>
        WithName(volume, path, (of, name) => of.Rename(name, Utf8Text.Required(newPath, "The new path")));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_link")]
    internal static int Link(nint volume, byte* path, byte* newPath) =>
        WithName(volume, path, (of, name) => of.Link(name, Utf8Text.Required(newPath, "The new path")));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_mkdir")]
    internal static int MakeDirectory(nint volume, byte* path) => WithName(volume, path, (of, name) => of.CreateDirectory(name));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_rmdir")]
    internal static int RemoveDirectory(nint volume, byte* path) => WithName(volume, path, (of, name) => of.DeleteDirectory(name));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_chmod")]
    internal static int ChangeMode(nint volume, byte* path, int mode) => WithName(volume, path, (of, name) => of.SetMode(name, mode));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_set_modified")]
    internal static int SetModified(nint volume, byte* path, long nanoseconds) => WithName(
        volume, path, (of, name) => of.SetModified(name, DateTime.UnixEpoch.AddTicks(nanoseconds / NanosecondsPerTick)));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_stat")]
    internal static int Stat(nint volume, byte* path, DaxemuEntry* entry) =>
        WithName(volume, path, (of, name) => CStruct.Write(EntryOf(of.GetEntry(name)), entry, "The entry"));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_directory_open")]
    internal static int DirectoryOpen(nint volume, byte* path, nint* result) => Make(
        result, () => new OpenDirectory(Handles.Get<OpenVolume>(volume).Volume.GetEntries(Utf8Text.Required(path, "The path"))));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_directory_read")]
    internal static int DirectoryRead(nint directory, DaxemuEntry* entry) => (int)Call.Count(() =>
    {
        if (Handles.Get<OpenDirectory>(directory).Next() is not { } next)
        {
            return 0;
        }

        CStruct.Write(EntryOf(next), entry, "The entry");
        return 1;
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_directory_close")]
    internal static int DirectoryClose(nint directory) => Call.Do(() => _ = Handles.Remove<OpenDirectory>(directory));

    private static OpenFile Open(OpenVolume volume, string path, int flags)
    {
        RequireFlags((uint)flags, OpenReadWrite | OpenCreate | OpenExclusive | OpenTruncate | OpenTemporary, "an opening");
        bool canWrite = (flags & OpenReadWrite) != 0;
        if (!canWrite && (flags & (OpenTruncate | OpenTemporary)) != 0)
        {
            throw new ArgumentException("A file that is opened for reading is neither cut nor made without a name. Add DAXEMU_RDWR.");
        }

        if (canWrite && volume.Volume.ReadOnlyReason is { } refusal)
        {
            throw new IOException($"'{path}' can be opened for reading only: {refusal}.", Errno.Erofs);
        }

        bool creates = (flags & OpenCreate) != 0;
        SharedFile shared = (flags & OpenTemporary) == OpenTemporary
            ? volume.OpenTemporary()
            : volume.Open(path, creates, creates && (flags & OpenExclusive) != 0);
        var file = new OpenFile(shared, canWrite);
        if ((flags & OpenTruncate) != 0)
        {
            try
            {
                file.Changed.SetLength(0);
            }
            catch
            {
                volume.Close(shared);
                throw;
            }
        }

        return file;
    }

    private static int WithName(nint volume, byte* path, Action<DaxVolume, string> work) => Call.Do(() =>
        _ = Handles.Get<OpenVolume>(volume).WithNames(of =>
        {
            work(of, Utf8Text.Required(path, "The path"));
            return true;
        }));

    private static DaxemuEntry EntryOf(VolumeEntry of)
    {
        var entry = new DaxemuEntry
        {
            IsDirectory = of.IsDirectory ? 1u : 0,
            Inode = of.Number,
            SizeBytes = of.Length,
            AllocatedBytes = of.AllocatedBytes,
            Mode = of.Mode,
            LinkCount = of.LinkCount,
            CreatedNs = Nanoseconds(of.CreatedUtc),
            ModifiedNs = Nanoseconds(of.ModifiedUtc),
            ChangedNs = Nanoseconds(of.ChangedUtc),
        };
        Utf8Text.Copy(of.Name, new Span<byte>(entry.Name, EntryNameBytes));
        return entry;
    }

    private static long Nanoseconds(DateTime time) => (time - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;
}
