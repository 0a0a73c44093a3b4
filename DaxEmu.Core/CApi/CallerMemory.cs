using System.Runtime.InteropServices;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>Memory of a caller, which may lie in a DAX mapping.</summary>
/// <remarks>
/// There it must not be loaded from or stored to by managed code: a fault would be a signal in the middle of it, and its handler is managed
/// code, too. So it is copied by native code, whose faults are served or become an error. What lies in no mapping is used as it is.
/// </remarks>
internal static unsafe class CallerMemory
{
    private const int StringPiece = 256;

    /// <summary>Refuses NULL.</summary>
    public static void Required(void* memory, string what)
    {
        if (memory == null)
        {
            throw new ArgumentException($"{what} is NULL. Give memory for it.");
        }
    }

    /// <summary>Whether none of it lies in a DAX mapping.</summary>
    public static bool IsPlain(void* memory, long length) => HostMapping.All.Count == 0 || !HostMapping.Overlaps((nint)memory, length);

    /// <summary>Copies bytes to a caller.</summary>
    /// <exception cref="IOException">Not all of its memory can be reached (EFAULT).</exception>
    public static void Write(void* target, ReadOnlySpan<byte> source)
    {
        if (IsPlain(target, source.Length))
        {
            source.CopyTo(new Span<byte>(target, source.Length));
            return;
        }

        IoError error = HostAccess.Store((nint)target, source, out int copied);
        RequireAll(copied, source.Length, (nint)target, error);
    }

    /// <summary>Copies bytes from a caller.</summary>
    /// <exception cref="IOException">Not all of its memory can be reached (EFAULT).</exception>
    public static void Read(Span<byte> target, void* source)
    {
        if (IsPlain(source, target.Length))
        {
            new ReadOnlySpan<byte>(source, target.Length).CopyTo(target);
            return;
        }

        IoError error = HostAccess.Load((nint)source, target, out int copied);
        RequireAll(copied, target.Length, (nint)source, error);
    }

    /// <summary>A string in UTF-8 with a NUL at its end; null for NULL.</summary>
    /// <exception cref="IOException">Not all of it can be reached (EFAULT).</exception>
    public static string? ReadString(byte* text)
    {
        if (text == null || HostMapping.Find((nint)text) is not { } mapping)
        {
            return Marshal.PtrToStringUTF8((nint)text);
        }

        var all = new List<byte>();
        Span<byte> piece = stackalloc byte[StringPiece];
        while (true)
        {
            nint from = (nint)text + all.Count;
            int length = (int)Math.Min(StringPiece, mapping.Address + (nint)mapping.LengthBytes - from);
            if (length <= 0)
            {
                throw Unreachable(from, IoError.None);
            }

            IoError error = HostAccess.Load(from, piece[..length], out int copied);
            int end = piece[..copied].IndexOf((byte)0);
            all.AddRange(piece[..(end < 0 ? copied : end)]);
            if (end >= 0)
            {
                return System.Text.Encoding.UTF8.GetString([.. all]);
            }

            RequireAll(copied, length, from, error);
        }
    }

    private static void RequireAll(int copied, int length, nint address, IoError error)
    {
        if (copied < length)
        {
            throw Unreachable(address + copied, error);
        }
    }

    private static IOException Unreachable(nint address, IoError error) =>
        new($"The memory at 0x{address:x}, in a mapping of a file, cannot be reached ({(error == IoError.None ? "not mapped" : error)}).", Errno.Efault);
}
