using System.Collections.Concurrent;

namespace DaxEmu.Core.CApi;

/// <summary>What the pointers that a C program holds stand for. They are numbers, no addresses: a closed or foreign one is found out.</summary>
internal static class Handles
{
    // No number is given twice, and none is one that malloc gives: those are multiples of 16.
    private const int Shift = 4;
    private const nint Mark = 5;

    private static readonly ConcurrentDictionary<nint, object> Open = new();
    private static readonly Lock Gate = new();
    private static nint last;

    /// <summary>A handle for an object.</summary>
    public static nint Add(object value)
    {
        nint handle;
        lock (Gate)
        {
            handle = (++last << Shift) | Mark;
        }

        Open[handle] = value;
        return handle;
    }

    /// <summary>The object of a handle.</summary>
    /// <exception cref="ObjectDisposedException">There is none of that kind.</exception>
    public static T Get<T>(nint handle)
        where T : class, IHandled => Open.TryGetValue(handle, out object? value) && value is T found ? found : throw Unknown<T>(handle);

    /// <summary>The object of a handle, which is closed from here on.</summary>
    /// <exception cref="ObjectDisposedException">There is none of that kind, or another thread was faster.</exception>
    public static T Remove<T>(nint handle)
        where T : class, IHandled
    {
        T found = Get<T>(handle);
        return Open.TryRemove(KeyValuePair.Create(handle, (object)found)) ? found : throw Unknown<T>(handle);
    }

    /// <summary>The objects of one kind.</summary>
    public static IEnumerable<T> All<T>() => Open.Values.OfType<T>();

    private static ObjectDisposedException Unknown<T>(nint handle)
        where T : class, IHandled => new(null, $"0x{handle:x} is not an open {T.Kind} of this library. Was it closed, or made by something else?");
}
