using System.Text;
using DaxEmu.Core.Library;
using DaxEmu.Native;
using DaxEmu.Native.Library;

namespace DaxEmu.Core;

/// <summary>
/// The emulator as the native library libdaxemu.so, loaded into this .NET process: plain loads and stores of managed code to its mappings
/// fault for real.
/// </summary>
/// <remarks>
/// <para>
/// The library has a runtime and a collector of its own, so a thread of this process that sits in a fault is native code to either collector.
/// In one runtime it could not be done: a fault inside managed code cannot call managed code, and a handler on another thread would wait for
/// a collector that waits for the thread that faults. Volumes of the library and of <see cref="DaxVolume"/> share nothing.
/// </para>
/// <para>
/// Once loaded it stays, and what cannot be served is a <see cref="NullReferenceException"/> where managed code accessed the memory: the
/// runtime's word for a bad address. In native code, memcpy by P/Invoke say, it is SIGBUS, which ends the process; <see cref="HostView.Read(Span{byte}, long)"/>
/// and <see cref="HostView.Write"/> report an error instead.
/// </para>
/// </remarks>
public static unsafe class HostLibrary
{
    /// <summary>Where the library would be loaded from: the path in the variable DAXEMU_LIBRARY, or beside the program; null if it is at neither place.</summary>
    public static string? DefaultPath => LibraryLoader.Find();

    /// <summary>Whether it is loaded.</summary>
    public static bool IsLoaded => LibraryLoader.LoadedPath is not null;

    /// <summary>What page faults and waits came to, since the library was loaded.</summary>
    /// <exception cref="DaxEnvironmentException">The library cannot be loaded; the message says what would do.</exception>
    public static HostCounters Counters
    {
        get
        {
            Load();
            var counters = new DaxemuCounters { StructSize = (uint)sizeof(DaxemuCounters) };
            HostErrors.Check(LibraryCalls.GetCounters(&counters));
            return HostCounters.Of(counters);
        }
    }

    /// <summary>Every thread that waits in the library, with keys, holders and the last wake-up, as text.</summary>
    /// <exception cref="DaxEnvironmentException">The library cannot be loaded; the message says what would do.</exception>
    public static string WaitGraph
    {
        get
        {
            Load();
            return TextOf((buffer, size) => LibraryCalls.WaitGraph((byte*)buffer, size));
        }
    }

    /// <summary>Loads the library; again does nothing.</summary>
    /// <param name="path">The file libdaxemu.so, or its folder; null for <see cref="DefaultPath"/>.</param>
    /// <exception cref="DaxEnvironmentException">It is not there or cannot be loaded, another one is loaded, or it is of another version. The message says what would do.</exception>
    public static void Load(string? path = null)
    {
        bool isFirst = !IsLoaded;
        _ = LibraryLoader.Load(path);
        if (isFirst)
        {
            const int NullReferences = 1;
            HostErrors.Check(LibraryCalls.SetFaultPolicy(NullReferences));
        }
    }

    internal static string TextOf(Func<nint, nuint, long> give)
    {
        byte[] text = new byte[512];
        while (true)
        {
            fixed (byte* buffer = text)
            {
                long length = HostErrors.Check(give((nint)buffer, (nuint)text.Length));
                if (length < text.Length)
                {
                    return Encoding.UTF8.GetString(text, 0, (int)length);
                }

                text = new byte[length + 1];
            }
        }
    }
}
