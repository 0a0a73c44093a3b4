using System.Text.Unicode;

namespace DaxEmu.Core.CApi;

/// <summary>Strings of C, in UTF-8 with a NUL at the end, and back.</summary>
internal static unsafe class Utf8Text
{
    /// <summary>The text at an address.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static string Required(byte* text, string what) =>
        Optional(text) ?? throw new ArgumentException($"{what} is NULL. Give a string in UTF-8.");

    /// <summary>The text at an address; null for NULL.</summary>
    public static string? Optional(byte* text) => CallerMemory.ReadString(text);

    /// <summary>Copies a text with a NUL at its end; what does not fit is cut off behind a whole character.</summary>
    public static void Copy(string text, Span<byte> target)
    {
        if (target.Length > 0)
        {
            _ = Utf8.FromUtf16(text, target[..^1], out _, out int written);
            target[written] = 0;
        }
    }

    /// <summary>As snprintf: copies as much as fits, with a NUL at its end.</summary>
    /// <returns>The length of the whole, in bytes, without the NUL.</returns>
    public static long Give(string text, byte* buffer, nuint size)
    {
        byte[] all = System.Text.Encoding.UTF8.GetBytes(text);
        if (size > 0)
        {
            CallerMemory.Required(buffer, "The buffer");
            int fits = (int)Math.Min((ulong)all.Length, size - 1);
            CallerMemory.Write(buffer, all.AsSpan(0, fits));
            CallerMemory.Write(buffer + fits, [0]);
        }

        return all.Length;
    }
}
