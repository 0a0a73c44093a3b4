using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>getpid(2), which a child of fork must ask anew: what the runtime has cached is its parent's.</summary>
internal static partial class ProcessIdentity
{
    // One short system call that never waits.
    [SuppressGCTransition]
    [LibraryImport("libc", EntryPoint = "getpid")]
    internal static partial int Current();
}
