using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>Looks at the state of a scenario between two steps of a run, as no other thread runs meanwhile.</summary>
/// <remarks>
/// What is seen depends on the state alone, and a search comes to every state within its bound, also where it leaves out schedules: so a
/// violation that is looked for at every step is not missed. Reads only: no history would have a write.
/// </remarks>
internal static class Unscheduled
{
    /// <summary>What <paramref name="look"/> sees; its atomic accesses are no steps.</summary>
    public static T Look<T>(Func<T> look)
    {
        IInterleaver? owner = Atomic.Current;
        Atomic.Current = null;
        try
        {
            return look();
        }
        finally
        {
            Atomic.Current = owner;
        }
    }
}
