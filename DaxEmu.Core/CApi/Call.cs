using System.Diagnostics.CodeAnalysis;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>What every function of the C interface runs in: no exception leaves, each becomes its error number.</summary>
[SuppressMessage("Design", "CA1031", Justification = "An exception that left would end the program of the caller.")]
internal static class Call
{
    // A child of fork has one thread of the process: not the collector's, nor those that hold locks. So it is refused at the door.
    private static readonly int Process = ProcessIdentity.Current();

    /// <summary>Does something.</summary>
    /// <returns>0, or the error number, negative.</returns>
    public static int Do(Action work) => (int)Count(() =>
    {
        work();
        return 0;
    });

    /// <summary>Counts or finds something.</summary>
    /// <returns>What it came to, or the error number, negative.</returns>
    public static long Count(Func<long> work)
    {
        try
        {
            return ProcessIdentity.Current() == Process
                ? work()
                : throw new IOException("The library was loaded before this process was forked. Let the child call exec, or load the library after the fork.", Errno.Echild);
        }
        catch (Exception failure)
        {
            return LastError.Set(failure);
        }
    }
}
