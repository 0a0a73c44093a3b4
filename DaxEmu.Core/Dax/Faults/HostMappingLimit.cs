using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>
/// Keeps half of the mappings that the kernel allows a process for the program: its own allocations fail, too, when there are too many.
/// </summary>
/// <remarks>
/// A page that is shown adds up to two mappings, or none where it joins its neighbours, which only the kernel knows. So the number is estimated from
/// above, and the mappings are counted when the estimate reaches the limit.
/// </remarks>
internal static unsafe class HostMappingLimit
{
    private const int MostPerCall = 2;

    private static readonly PinnedLines Words = new(1);

    private static ref ulong Estimate => ref *Words[0];

    /// <summary>Counts a call that shows pages in.</summary>
    public static void NoteMapCall() => Atomic.Add(ref Estimate, MostPerCall, Site.Other);

    /// <summary>Whether what is shown is to be dropped before more is shown.</summary>
    public static bool IsReached()
    {
        if (Atomic.Load(ref Estimate, Site.Other) < (ulong)ProcessMappings.Limit / 2)
        {
            return false;
        }

        int count = ProcessMappings.Count();
        Atomic.Store(ref Estimate, (ulong)count, Site.Other);
        return count >= ProcessMappings.Limit / 2;
    }
}
