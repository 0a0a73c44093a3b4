using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi;

/// <summary>
/// The functions of <c>daxemu.h</c>, where each is described. A method that C calls has no body but one call: what it needs of the stack, and
/// exceptions, belong into a method that is not an entry itself.
/// </summary>
internal static unsafe partial class CInterface
{
    /// <summary><c>DAXEMU_API_VERSION</c>: the major version in the upper half, the minor one in the lower.</summary>
    public const int Version = 0x1_0000;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_version")]
    internal static int GetVersion() => Version;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_error_message")]
    internal static byte* GetErrorMessage() => LastError.Message;

    // The pointer is looked at before anything is made, so that nothing is left over.
    private static int Make(nint* result, Func<object> make) => Call.Do(() =>
    {
        CallerMemory.Required(result, "The pointer for the handle");
        nint handle = Handles.Add(make());
        CallerMemory.Write(result, new ReadOnlySpan<byte>(&handle, sizeof(nint)));
    });
}
