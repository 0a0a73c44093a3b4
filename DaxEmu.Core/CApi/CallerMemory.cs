namespace DaxEmu.Core.CApi;

/// <summary>Memory of a caller, which may lie in a DAX mapping.</summary>
/// <remarks>
/// There it must not be loaded from or stored to by managed code: a fault would be a signal in the middle of it, whose handler is managed code
/// too. What lies in no mapping is used as it is.
/// </remarks>
internal static unsafe class CallerMemory
{
    /// <summary>Refuses NULL.</summary>
    public static void Required(void* memory, string what)
    {
        if (memory == null)
        {
            throw new ArgumentException($"{what} is NULL. Give memory for it.");
        }
    }

    /// <summary>Whether none of it lies in a DAX mapping.</summary>
    public static bool IsPlain(void* memory, long length) => true;

    /// <summary>Copies bytes to a caller.</summary>
    public static void Write(void* target, ReadOnlySpan<byte> source) => source.CopyTo(new Span<byte>(target, source.Length));

    /// <summary>Copies bytes from a caller.</summary>
    public static void Read(Span<byte> target, void* source) => new ReadOnlySpan<byte>(source, target.Length).CopyTo(target);
}
