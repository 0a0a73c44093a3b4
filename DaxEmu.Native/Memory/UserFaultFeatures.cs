using System.Numerics;
using System.Runtime.InteropServices;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Memory;

/// <summary>What the kernel's userfaultfd offers to this process.</summary>
/// <param name="Names">The features by their names without <c>UFFD_FEATURE_</c>; one without a name here by its bit.</param>
/// <param name="Refusal">Why it offers none; null if it can be used.</param>
internal sealed record UserFaultFeatures(IReadOnlyList<string> Names, string? Refusal)
{
    private static readonly string[] ByBit =
    [
        "PAGEFAULT_FLAG_WP", "EVENT_FORK", "EVENT_REMAP", "EVENT_REMOVE", "MISSING_HUGETLBFS", "MISSING_SHMEM", "EVENT_UNMAP", "SIGBUS", "THREAD_ID",
        "MINOR_HUGETLBFS", "MINOR_SHMEM", "EXACT_ADDRESS", "WP_HUGETLBFS_SHMEM", "WP_UNPOPULATED", "POISON", "WP_ASYNC", "MOVE",
    ];

    /// <summary>Asks the kernel.</summary>
    public static unsafe UserFaultFeatures Read(HostTree tree)
    {
        int descriptor = UserFault.Open();
        if (descriptor < 0)
        {
            return new UserFaultFeatures([], Explain(Marshal.GetLastPInvokeError(), tree));
        }

        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        var api = new UserFaultApi { Api = UserFault.ApiVersion };
        return UserFault.Control(file, UserFault.IoctlApi, &api) == 0
            ? new UserFaultFeatures(NamesOf(api.Features), null)
            : new UserFaultFeatures([], $"UFFDIO_API was refused: {Errno.Describe(Marshal.GetLastPInvokeError())}");
    }

    /// <summary>The names of a mask.</summary>
    internal static IReadOnlyList<string> NamesOf(ulong mask)
    {
        var names = new List<string>();
        for (ulong rest = mask; rest != 0; rest &= rest - 1)
        {
            int bit = BitOperations.TrailingZeroCount(rest);
            names.Add(bit < ByBit.Length ? ByBit[bit] : $"bit {bit}");
        }

        return names;
    }

    /// <summary>Why userfaultfd(2) failed.</summary>
    internal static string Explain(int errno, HostTree tree) => errno switch
    {
        Errno.Eperm when tree.Number("proc/sys/vm/unprivileged_userfaultfd") == 0 =>
            "only root may use userfaultfd here (/proc/sys/vm/unprivileged_userfaultfd is 0), or the seccomp profile of a container forbids it",
        Errno.Eperm => "the seccomp profile of a container forbids userfaultfd",
        Errno.Enosys => "this kernel is built without userfaultfd",
        Errno.Einval => "this kernel has userfaultfd for root alone (it is older than 5.11)",
        _ => $"userfaultfd was refused: {Errno.Describe(errno)}",
    };
}
