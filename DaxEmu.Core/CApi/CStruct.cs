using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>
/// Structs that begin with their size, as the caller was compiled: an older caller's is shorter, a newer one's longer.
/// </summary>
internal static unsafe class CStruct
{
    // Larger than any that there will be: more is a field that was not set.
    private const uint MostBytes = 4096;

    /// <summary>What a caller gives; the defaults, all zeroes, for NULL and for what an older caller does not know.</summary>
    /// <exception cref="IOException">A newer caller asks for what is not known here (E2BIG).</exception>
    public static T Read<T>(void* source, string what)
        where T : unmanaged
    {
        T value = default;
        if (source == null)
        {
            return value;
        }

        uint size = SizeOf(source, what);
        byte[] given = new byte[size];
        CallerMemory.Read(given, source);
        int known = Math.Min(given.Length, sizeof(T));
        if (given.AsSpan(known).ContainsAnyExcept((byte)0))
        {
            throw new IOException($"{what} asks for something that this version of the library does not know. Use a newer one.", Errno.E2big);
        }

        given.AsSpan(0, known).CopyTo(new Span<byte>(&value, sizeof(T)));
        return value;
    }

    /// <summary>Gives a caller as much as it knows; what only it knows becomes zero.</summary>
    public static void Write<T>(T value, void* target, string what)
        where T : unmanaged
    {
        CallerMemory.Required(target, what);
        byte[] given = new byte[SizeOf(target, what)];
        *(uint*)&value = (uint)given.Length;
        new ReadOnlySpan<byte>(&value, Math.Min(given.Length, sizeof(T))).CopyTo(given);
        CallerMemory.Write(target, given);
    }

    private static uint SizeOf(void* memory, string what)
    {
        uint size = 0;
        CallerMemory.Read(new Span<byte>(&size, sizeof(uint)), memory);
        return size is >= sizeof(uint) and <= MostBytes
            ? size
            : throw new ArgumentException($"struct_size of {what} is {size}. Set it to the size of the struct.");
    }
}
