using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>Loads and stores by libc, for those that check what native code meets at an address.</summary>
internal static unsafe partial class MemoryCalls
{
    [LibraryImport("libc", EntryPoint = "memcpy")]
    internal static partial void* Copy(void* destination, void* source, nuint length);

    [LibraryImport("libc", EntryPoint = "memset")]
    internal static partial void* Fill(void* destination, int value, nuint length);
}
