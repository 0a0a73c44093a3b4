using System.Runtime.InteropServices;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary><c>struct statx_timestamp</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct KernelStatxTime(KernelTime time)
{
    private readonly long seconds = time.Seconds;
    private readonly uint nanoseconds = (uint)time.Nanoseconds;
    private readonly int padding;
}
