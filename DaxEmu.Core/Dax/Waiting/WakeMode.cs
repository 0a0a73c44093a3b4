namespace DaxEmu.Core.Dax.Waiting;

/// <summary>Which waiters a wake-up wakes (<c>enum dax_wake_mode</c>).</summary>
internal enum WakeMode
{
    /// <summary>Every waiter of the key that is not exclusive, and the first that is.</summary>
    Next,

    /// <summary>Every waiter of the key.</summary>
    All,

    /// <summary>None: only historic profiles do that.</summary>
    None,
}
