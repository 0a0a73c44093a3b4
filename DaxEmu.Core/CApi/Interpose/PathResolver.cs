using System.Diagnostics.CodeAnalysis;
using System.Text;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Which paths of the program lead to the volume, and where: below the prefix, from an open directory, from the current one.</summary>
/// <remarks>
/// The volume has no symbolic links, so a path is walked name by name. Links of the host that lead to the prefix are not followed. Whether a path is the
/// volume's at all is decided without allocating, since every path of the program passes here.
/// </remarks>
internal sealed unsafe class PathResolver
{
    private const int MostPathBytes = 4096;
    private const int MostNameBytes = 255;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly InterposedVolume volume;
    private readonly UserMemory memory;
    private readonly byte[] prefix;
    private readonly byte[] firstName;

    // The host's current directory, with a '/' at its end; null if it is not known. What the kernel says once holds until the program changes it.
    private volatile byte[]? hostDirectory;
    private volatile bool isAboveVolume;
    private long currentDirectory;

    public PathResolver(InterposedVolume volume, UserMemory memory)
    {
        this.volume = volume;
        this.memory = memory;
        string path = volume.Settings.Prefix;
        if (!path.StartsWith('/') || path.Length < 2 || path.EndsWith('/') || path.Split('/')[1..].Any(name => name is "" or "." or ".."))
        {
            throw new ArgumentException($"The prefix '{path}' must be an absolute path of names, without a '/' at its end, like '/dax'.", nameof(volume));
        }

        prefix = Encoding.UTF8.GetBytes(path);
        int end = prefix.AsSpan(1).IndexOf((byte)'/');
        firstName = end < 0 ? prefix : prefix[..(end + 1)];
    }

    /// <summary>The directory of the volume that is the current one; 0 if that is one of the host's.</summary>
    public long CurrentDirectory
    {
        get => currentDirectory;
        set => currentDirectory = value;
    }

    /// <summary>The program changes its current directory on the host.</summary>
    public void ForgetHostDirectory() => hostDirectory = null;

    /// <summary>A path of the host as the program sees a path of the volume.</summary>
    public string Shown(string pathOnVolume) => pathOnVolume == "/" ? volume.Settings.Prefix : volume.Settings.Prefix + pathOnVolume;

    /// <summary>Where a path leads.</summary>
    /// <param name="directory">The descriptor from which a relative path begins, or AT_FDCWD.</param>
    /// <param name="address">The path in the program.</param>
    /// <param name="mayBeEmpty">Whether an empty path stands for the descriptor (AT_EMPTY_PATH).</param>
    public Place Resolve(int directory, nint address, bool mayBeEmpty = false)
    {
        if (!TryView(address, mayBeEmpty, out ReadOnlySpan<byte> path))
        {
            return default;
        }

        if (path.IsEmpty)
        {
            return mayBeEmpty ? OfDescriptor(directory) : RelativeStart(directory) is { IsInside: true } start ? start with { Errno = Errno.Enoent } : default;
        }

        if (path[0] == '/')
        {
            return Absolute(path);
        }

        if (directory != AtFlags.CurrentDirectory)
        {
            return RelativeStart(directory) is { IsInside: true } from ? Walk(from, path) : default;
        }

        if (currentDirectory != 0)
        {
            return Walk(new Place { IsInside = true, Number = currentDirectory, IsDirectory = true }, path);
        }

        return FromHostDirectory(path);
    }

    private Place Absolute(ReadOnlySpan<byte> path)
    {
        if (path.StartsWith(prefix) && (path.Length == prefix.Length || path[prefix.Length] == '/'))
        {
            return Walk(Root, path[prefix.Length..]);
        }

        if (path.StartsWith("/proc/"u8) || path.StartsWith("/dev/"u8))
        {
            return TryDescriptorPath(path, out OpenDescription? description) ? OfDescription(description) with { IsByPath = true } : default;
        }

        return path.IndexOf(firstName) > 0 && (path.IndexOf("/.."u8) >= 0 || path.IndexOf("/./"u8) >= 0 || path.IndexOf("//"u8) >= 0) ? Normalised(path) : default;
    }

    private static Place Root => new() { IsInside = true, Number = DaxVolume.RootNumber, IsDirectory = true, Name = "", End = PathEnd.Root };

    // Lexically: a link on the way to the prefix would lead elsewhere, and is not looked for.
    private Place Normalised(ReadOnlySpan<byte> path)
    {
        var names = new List<string>();
        string[] parts = Encoding.UTF8.GetString(path).Split('/');
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] is ".." && names.Count > 0)
            {
                names.RemoveAt(names.Count - 1);
            }
            else if (parts[i] is not ("" or "." or ".."))
            {
                names.Add(parts[i]);
            }

            if (names.Count > 0 && '/' + string.Join('/', names) == volume.Settings.Prefix)
            {
                return Walk(Root, Encoding.UTF8.GetBytes('/' + string.Join('/', parts[(i + 1)..])));
            }
        }

        return default;
    }

    private Place FromHostDirectory(ReadOnlySpan<byte> path)
    {
        byte[] from = hostDirectory ?? ReadHostDirectory();
        bool goesUp = path.StartsWith("../"u8) || path.IndexOf("/../"u8) >= 0;
        return goesUp || isAboveVolume ? Absolute([.. from, .. path]) : default;
    }

    private byte[] ReadHostDirectory()
    {
        Span<byte> buffer = stackalloc byte[MostPathBytes];
        byte[] found = [(byte)'/'];
        fixed (byte* start = buffer)
        {
            long length = RawSystemCall.Invoke(Sys.Getcwd, (nint)start, buffer.Length);
            if (length > 2 && buffer[0] == '/')
            {
                found = [.. buffer[..((int)length - 1)], (byte)'/'];
            }
        }

        isAboveVolume = prefix.AsSpan().StartsWith(found);
        hostDirectory = found;
        return found;
    }

    private Place RelativeStart(int directory)
    {
        if (directory == AtFlags.CurrentDirectory)
        {
            return currentDirectory == 0 ? default : new Place { IsInside = true, Number = currentDirectory, IsDirectory = true, Name = "" };
        }

        return volume.Descriptors.Find(directory) is { } description
            ? new Place { IsInside = true, Number = description.Inode.Number, IsDirectory = description.Inode.IsDirectory, Name = "" }
            : default;
    }

    private Place OfDescriptor(int descriptor) => descriptor == AtFlags.CurrentDirectory
        ? RelativeStart(descriptor) is { IsInside: true } start ? start with { End = PathEnd.Dot } : default
        : volume.Descriptors.Find(descriptor) is { } description ? OfDescription(description) : default;

    private static Place OfDescription(OpenDescription description) => new()
    {
        IsInside = true,
        Number = description.Inode.Number,
        IsDirectory = description.Inode.IsDirectory,
        Name = "",
        End = PathEnd.Descriptor,
        Description = description,
    };

    private bool TryDescriptorPath(ReadOnlySpan<byte> path, [NotNullWhen(true)] out OpenDescription? description)
    {
        description = null;
        int descriptor = -1;
        if (path.SequenceEqual("/dev/stdin"u8) || path.SequenceEqual("/dev/stdout"u8) || path.SequenceEqual("/dev/stderr"u8))
        {
            descriptor = path[^1] == 'n' ? 0 : path[^1] == 't' ? 1 : 2;
        }
        else if (path.StartsWith("/dev/fd/"u8))
        {
            descriptor = NumberIn(path["/dev/fd/"u8.Length..]);
        }
        else if (path.StartsWith("/proc/self/fd/"u8))
        {
            descriptor = NumberIn(path["/proc/self/fd/"u8.Length..]);
        }
        else if (path.StartsWith("/proc/thread-self/fd/"u8))
        {
            descriptor = NumberIn(path["/proc/thread-self/fd/"u8.Length..]);
        }
        else if (path.StartsWith("/proc/"u8))
        {
            ReadOnlySpan<byte> rest = path["/proc/"u8.Length..];
            int slash = rest.IndexOf((byte)'/');
            if (slash > 0 && rest[slash..].StartsWith("/fd/"u8) && NumberIn(rest[..slash]) is var process and > 0 && process == RawSystemCall.Invoke(Sys.Getpid))
            {
                descriptor = NumberIn(rest[(slash + "/fd/"u8.Length)..]);
            }
        }

        description = descriptor < 0 ? null : volume.Descriptors.Find(descriptor);
        return description is not null;
    }

    private static int NumberIn(ReadOnlySpan<byte> digits)
    {
        int number = 0;
        foreach (byte digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'9' || number > 100_000_000)
            {
                return -1;
            }

            number = (number * 10) + (digit - '0');
        }

        return digits.IsEmpty ? -1 : number;
    }

    // The bytes of the path where they lie. Another thread may change them: then the path is what this thread reads, or EFAULT in another call.
    private bool TryView(nint address, bool mayBeEmpty, out ReadOnlySpan<byte> path)
    {
        path = default;
        if (address == 0 && mayBeEmpty)
        {
            return true;
        }

        if (DaxRanges.Overlaps(address, MostPathBytes))
        {
            return TryCopy(address, out path);
        }

        int length = 0;
        while (length < MostPathBytes)
        {
            nint at = address + length;
            int step = DaxConstants.PageSize - (int)(at & (DaxConstants.PageSize - 1));
            if (!memory.IsUsable(at, step, isWrite: false))
            {
                return false; // the kernel says EFAULT
            }

            int end = new ReadOnlySpan<byte>((void*)at, step).IndexOf((byte)0);
            length += end < 0 ? step : end;
            if (end >= 0)
            {
                path = new ReadOnlySpan<byte>((void*)address, length);
                return length < MostPathBytes;
            }
        }

        return false; // ENAMETOOLONG, wherever it leads
    }

    private static bool TryCopy(nint address, out ReadOnlySpan<byte> path)
    {
        byte[] copy = new byte[MostPathBytes];
        path = default;
        for (int i = 0; i < copy.Length; i++)
        {
            UserMemory.Load(address + i, copy.AsSpan(i, 1));
            if (copy[i] == 0)
            {
                path = copy.AsSpan(0, i);
                return true;
            }
        }

        return false;
    }

    private Place Walk(in Place from, ReadOnlySpan<byte> path)
    {
        bool hasTrailingSlash = !path.IsEmpty && path[^1] == '/';
        Place at = from;
        ReadOnlySpan<byte> rest = path.TrimStart((byte)'/');
        if (!rest.IsEmpty && !from.IsDirectory)
        {
            return Nowhere(Errno.Enotdir);
        }

        while (!rest.IsEmpty)
        {
            if (!at.IsDirectory || at.Number == 0)
            {
                return Nowhere(at.Number == 0 ? Errno.Enoent : Errno.Enotdir);
            }

            int slash = rest.IndexOf((byte)'/');
            ReadOnlySpan<byte> name = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? default : rest[slash..].TrimStart((byte)'/');
            if (name.SequenceEqual(".."u8) && at.Number == DaxVolume.RootNumber)
            {
                return Above(rest);
            }

            at = Step(at, name);
            if (at.Errno != 0)
            {
                return at;
            }
        }

        return at with { HasTrailingSlash = hasTrailingSlash && at.End == PathEnd.Name };
    }

    // Out of the volume, and perhaps into it again.
    private Place Above(ReadOnlySpan<byte> rest)
    {
        string above = Path.GetDirectoryName(volume.Settings.Prefix)!;
        string path = rest.IsEmpty ? above : $"{(above == "/" ? "" : above)}/{Encoding.UTF8.GetString(rest)}";
        Place place = Absolute(Encoding.UTF8.GetBytes(path));
        return place.IsInside || place.HostPath is not null ? place : new Place { HostPath = path };
    }

    private Place Step(in Place at, ReadOnlySpan<byte> name)
    {
        DaxVolume mounted = volume.Volume;
        if (name.SequenceEqual("."u8))
        {
            return at with { End = PathEnd.Dot };
        }

        if (name.SequenceEqual(".."u8))
        {
            long parent = mounted.ParentOf(at.Number);
            return parent == 0 ? Nowhere(Errno.Enoent) : new Place { IsInside = true, Number = parent, IsDirectory = true, Name = "", End = PathEnd.DotDot };
        }

        if (name.Length > MostNameBytes)
        {
            return Nowhere(Errno.Enametoolong);
        }

        string text;
        try
        {
            text = Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            throw new SystemCallException(Errno.Eilseq, "A name that is no UTF-8 cannot stand on the volume. Rename the file first.");
        }

        int errno = mounted.LookUp(at.Number, text, out DirectoryName found);
        return errno is 0 or Errno.Enoent
            ? new Place { IsInside = true, Directory = at.Number, Name = text, Number = found.Number, IsDirectory = found.IsDirectory, End = PathEnd.Name }
            : Nowhere(errno);
    }

    private static Place Nowhere(int errno) => new() { IsInside = true, Errno = errno, Name = "" };
}
