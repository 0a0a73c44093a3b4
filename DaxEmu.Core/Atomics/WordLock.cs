namespace DaxEmu.Core.Atomics;

/// <summary>
/// A small lock in a word of native memory, for sections of a few dozen instructions that never sleep. A scheduler sees its two steps,
/// which it would not of a lock of the runtime.
/// </summary>
internal static class WordLock
{
    private const ulong Free = 0;
    private const ulong Taken = 1;

    public static void Enter(ref ulong word, Site site)
    {
        while (!Atomic.TryReplace(ref word, Taken, Free, site))
        {
            Atomic.SpinWhile(ref word, Taken, site);
        }
    }

    public static void Leave(ref ulong word, Site site) => Atomic.Store(ref word, Free, site);
}
