using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Libc;

[Flags]
internal enum PollEvents : short
{
    None = 0,
    Input = 0x1,
    Error = 0x8,
    HangUp = 0x10,
    Invalid = 0x20,
}

/// <summary><c>struct pollfd</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollDescriptor
{
    public int Descriptor;
    public PollEvents Wanted;
    public PollEvents Seen;
}

/// <summary>
/// open(2), poll(2) and read(2), imported because the base library opens a FIFO blocking and cannot wait for input with a time limit.
/// Failure shows as -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class InputCalls
{
    public const int NonBlocking = 0x800;
    public const int CloseOnExec = 0x80000;

    // open is variadic; without O_CREAT it takes no third argument.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(SafeFileHandle file, byte* buffer, nuint count);
}
