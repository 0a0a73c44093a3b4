namespace DaxEmu.Core.Dax.Waiting;

/// <summary>The state now of an entry that a thread waits for.</summary>
internal enum AwaitedState
{
    /// <summary>The graph was not given the entry's mapping.</summary>
    Unknown,

    /// <summary>A thread holds its lock.</summary>
    Locked,

    /// <summary>It is there, and not locked.</summary>
    Unlocked,

    /// <summary>It was removed, or replaced by one of another order.</summary>
    Gone,
}
