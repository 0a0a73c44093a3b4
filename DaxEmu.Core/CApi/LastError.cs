using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi;

/// <summary>The message of the last error of each thread, as a C string that stays until the thread's next error.</summary>
internal static unsafe class LastError
{
    [ThreadStatic]
    private static Text? mine;

    /// <summary>The message; an empty one before the first error.</summary>
    public static byte* Message => (mine ??= new Text()).Memory;

    /// <summary>Keeps an exception's message.</summary>
    /// <returns>Its error number, negative.</returns>
    public static int Set(Exception exception)
    {
        int errno = ErrorNumbers.Of(exception);
        try
        {
            (mine ??= new Text()).Set(MessageOf(exception));
        }
        catch (OutOfMemoryException)
        {
            // Then the number has to do.
        }

        return -errno;
    }

    // Without the name of a parameter, which is one of this code and says nothing to a user of the library.
    private static string MessageOf(Exception exception) => exception is ArgumentException { ParamName: { } name }
        ? exception.Message.Replace($" (Parameter '{name}')", string.Empty, StringComparison.Ordinal)
        : exception.Message;

    // Its memory is native, so that it has an address; it goes when the thread is forgotten.
    private sealed class Text
    {
        public const int Capacity = 1024;

        public Text()
        {
            Memory = (byte*)NativeMemory.AllocZeroed(Capacity);
        }

        ~Text() => NativeMemory.Free(Memory);

        public byte* Memory { get; }

        public void Set(string message)
        {
            // Whole characters only; the last byte stays 0.
            Utf8Text.Copy(message, new Span<byte>(Memory, Capacity));
        }
    }
}
