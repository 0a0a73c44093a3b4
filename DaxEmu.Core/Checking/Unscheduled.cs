using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>Looks at the state of a scenario from outside, in the middle of a run: between two steps, as nobody else runs meanwhile.</summary>
/// <remarks>
/// What is seen depends on the state alone, and a search comes to every state within its bound, also where it leaves out schedules: so a
/// violation that is looked for at every step is not missed. Only reads: a write would be seen by no history.
/// </remarks>
internal static class Unscheduled
{
    /// <summary>What <paramref name="look"/> sees; its atomic steps are none.</summary>
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
