using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>
/// sched_*(2). Thread 0 is the calling one. Failure shows as -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class Sched
{
    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    internal static partial int GetAffinity(int thread, nuint maskBytes, ulong* mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    internal static partial int SetAffinity(int thread, nuint maskBytes, ulong* mask);

    // A read of a per-CPU word through the vdso: short enough to keep the garbage collector waiting.
    [SuppressGCTransition]
    [LibraryImport("libc", EntryPoint = "sched_getcpu")]
    internal static partial int GetCpu();
}
