namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Which waiters the removal of an entry wakes (<c>enum dax_wake_mode</c> at its call sites).</summary>
internal interface IRemovalWake
{
    /// <summary>How many of the waiters are woken.</summary>
    RemovalWakeMode ModeFor(RemovalKind kind);
}
