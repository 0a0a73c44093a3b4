using System.Runtime.InteropServices;

namespace DaxEmu.Native.Interpose;

/// <summary>A function of libc, and the code that programs find in its stead.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct HookedFunction
{
    /// <summary>Its name, which ends with a NUL; null in the last one.</summary>
    public byte* Name;

    /// <summary>The code that takes its place.</summary>
    public nint Code;
}
