namespace DaxEmu.Core.Dax.Waiting;

/// <summary>What a wait graph concludes about a waiter.</summary>
internal enum WaiterVerdict
{
    /// <summary>The entry is locked, and its owner will wake the key that is slept on.</summary>
    WaitsForOwner,

    /// <summary>The entry is locked, but its owner will wake another key than the one that is slept on.</summary>
    OwnerWillWakeAnotherKey,

    /// <summary>The entry was unlocked and another key was woken: no thread will wake this waiter.</summary>
    AnotherKeyWasWoken,

    /// <summary>The entry is free and its key was woken, but the wake-up chose another waiter, which must lock the entry or pass it on.</summary>
    WakeUpWentToAnother,

    /// <summary>The entry is free, and no wake-up is known: one is on its way, or is missing.</summary>
    NoWakeUpKnown,

    /// <summary>Nothing is known of the entry.</summary>
    Unknown,
}
