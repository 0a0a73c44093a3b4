using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Files;

/// <summary>
/// Descriptors that a library in another's program has for itself: kept away from the low numbers that the program expects to get, and known, so that the
/// program cannot close them.
/// </summary>
internal static unsafe class OwnDescriptors
{
    private const long SysClose = 3;
    private const long SysFcntl = 72;
    private const int DuplicateCloseOnExec = 1030;

    private static readonly Lock Gate = new();
    private static readonly List<WeakReference<SafeFileHandle>> Known = [];

    /// <summary>The lowest number that one may have; 0 for any, and then they are not remembered.</summary>
    public static int Lowest { get; set; }

    /// <summary>A byte a descriptor, set for each that is one or was; null for none.</summary>
    public static byte* Marks { get; set; }

    /// <summary>How many of those.</summary>
    public static int MarkCount { get; set; }

    /// <summary>Takes a descriptor that was opened now. Where the limit of the process does not allow a higher number, it keeps its own.</summary>
    public static SafeFileHandle Take(int descriptor)
    {
        if (Lowest == 0)
        {
            return new SafeFileHandle(descriptor, ownsHandle: true);
        }

        if (descriptor < Lowest && RawSystemCall.Invoke(SysFcntl, descriptor, DuplicateCloseOnExec, Lowest) is >= 0 and var raised)
        {
            _ = RawSystemCall.Invoke(SysClose, descriptor);
            descriptor = (int)raised;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        lock (Gate)
        {
            _ = Known.RemoveAll(known => !known.TryGetTarget(out SafeFileHandle? other) || other.IsClosed);
            Known.Add(new WeakReference<SafeFileHandle>(handle));
        }

        if (Marks is not null && descriptor < MarkCount)
        {
            Marks[descriptor] = 1;
        }

        return handle;
    }

    /// <summary>All of them now, in ascending order.</summary>
    public static int[] Now()
    {
        lock (Gate)
        {
            return
            [
                .. Known.Select(known => known.TryGetTarget(out SafeFileHandle? handle) && !handle.IsClosed ? (int)handle.DangerousGetHandle() : -1)
                    .Where(descriptor => descriptor >= 0)
                    .Order(),
            ];
        }
    }
}
