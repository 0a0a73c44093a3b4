using System.Globalization;
using System.Text;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>
/// The kernel's side of an open file of the volume: a descriptor of an empty, sealed memfd. It keeps what the kernel keeps for a descriptor (numbers,
/// duplicates, close-on-exec, flags, locks, poll) as it is for any file, and is inherited as one.
/// </summary>
/// <remarks>One memfd for each open inode, so that locks meet; each open(2) opens it anew, so that each has a description of its own.</remarks>
internal static unsafe class Placeholder
{
    private const string NameStart = "daxemu:";
    private const string LinkStart = "/memfd:" + NameStart;
    private const string LinkEnd = " (deleted)";
    private const int MemfdCloseOnExec = 1;
    private const int MemfdAllowSealing = 2;
    private const int AddSeals = 1033;
    private const int AllSeals = 0xF;
    private const int DirectoryEntryLength = 16;
    private const int DirectoryEntryName = 19;
    private const int OwnReadWrite = OpenFlags.ReadWrite | OpenFlags.CloseOnExec;

    /// <summary>Makes the placeholder of an inode that has none, and opens it.</summary>
    /// <returns>The descriptor, the lowest that is free; or -errno.</returns>
    public static long Create(OpenInode inode, int flags)
    {
        byte[] name = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{NameStart}{inode.Number}:{inode.Birth}{(inode.IsDirectory ? "/" : "")}\0"));
        long descriptor;
        fixed (byte* start = name)
        {
            descriptor = RawSystemCall.Invoke(Sys.MemfdCreate, (nint)start, MemfdCloseOnExec | MemfdAllowSealing);
        }

        if (descriptor < 0)
        {
            return descriptor;
        }

        _ = RawSystemCall.Invoke(Sys.Fcntl, (nint)descriptor, AddSeals, AllSeals);
        if ((flags & OpenFlags.OfPlaceholder) == OwnReadWrite)
        {
            return descriptor;
        }

        // The first descriptor is the lowest free number, which the caller expects: it becomes the one that is opened.
        long opened = Open((int)descriptor, flags);
        long result = opened < 0
            ? opened
            : RawSystemCall.Invoke(Sys.Dup3, (nint)opened, (nint)descriptor, flags & OpenFlags.CloseOnExec);
        if (opened >= 0)
        {
            _ = RawSystemCall.Invoke(Sys.Close, (nint)opened);
        }

        if (result < 0)
        {
            _ = RawSystemCall.Invoke(Sys.Close, (nint)descriptor);
        }

        return result;
    }

    /// <summary>Opens a placeholder once more.</summary>
    /// <param name="descriptor">A descriptor of it.</param>
    /// <param name="flags">Those of open(2).</param>
    /// <returns>The new descriptor, or -errno.</returns>
    public static long Open(int descriptor, int flags)
    {
        Span<byte> path = stackalloc byte[40];
        _ = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}\0"), path);
        fixed (byte* start = path)
        {
            return RawSystemCall.Invoke(Sys.Openat, AtFlags.CurrentDirectory, (nint)start, flags & OpenFlags.OfPlaceholder);
        }
    }

    /// <summary>The descriptors that the process has.</summary>
    public static List<int> OpenDescriptors()
    {
        var found = new List<int>();
        long folder;
        fixed (byte* path = "/proc/self/fd\0"u8)
        {
            folder = RawSystemCall.Invoke(Sys.Openat, AtFlags.CurrentDirectory, (nint)path, OpenFlags.Directory | OpenFlags.CloseOnExec);
        }

        Span<byte> buffer = stackalloc byte[2048];
        fixed (byte* start = buffer)
        {
            long length;
            while (folder >= 0 && (length = RawSystemCall.Invoke(Sys.Getdents64, (nint)folder, (nint)start, buffer.Length)) > 0)
            {
                for (int at = 0; at < length;)
                {
                    int size = *(ushort*)(start + at + DirectoryEntryLength);
                    ReadOnlySpan<byte> name = buffer[(at + DirectoryEntryName)..(at + size)];
                    name = name[..name.IndexOf((byte)0)];
                    if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor) && descriptor != folder)
                    {
                        found.Add(descriptor);
                    }

                    at += size;
                }
            }
        }

        if (folder >= 0)
        {
            _ = RawSystemCall.Invoke(Sys.Close, (nint)folder);
        }

        return found;
    }

    /// <summary>Whether a descriptor is a placeholder, made here or in the program that this one was started by.</summary>
    public static bool TryRead(int descriptor, out long number, out long birth, out bool isDirectory)
    {
        number = 0;
        birth = 0;
        isDirectory = false;
        Span<byte> path = stackalloc byte[40];
        Span<byte> target = stackalloc byte[128];
        _ = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}\0"), path);
        long length;
        fixed (byte* start = path, buffer = target)
        {
            length = RawSystemCall.Invoke(Sys.Readlink, (nint)start, (nint)buffer, target.Length);
        }

        if (length <= 0)
        {
            return false;
        }

        string link = Encoding.UTF8.GetString(target[..(int)length]);
        if (!link.StartsWith(LinkStart, StringComparison.Ordinal) || !link.EndsWith(LinkEnd, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> rest = link.AsSpan(LinkStart.Length, link.Length - LinkStart.Length - LinkEnd.Length);
        isDirectory = rest.EndsWith("/");
        rest = isDirectory ? rest[..^1] : rest;
        int colon = rest.IndexOf(':');
        return colon > 0
            && long.TryParse(rest[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && long.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out birth);
    }
}
