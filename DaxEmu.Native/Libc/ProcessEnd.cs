using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>Ends the process without waiting for anything: no finalizer, no handler, no other thread.</summary>
internal static partial class ProcessEnd
{
    /// <summary>Ends the process with an exit code.</summary>
    [DoesNotReturn]
    public static void Now(int code)
    {
        Exit(code);
        throw new UnreachableException();
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);
}
