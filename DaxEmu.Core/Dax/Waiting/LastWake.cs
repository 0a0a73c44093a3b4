namespace DaxEmu.Core.Dax.Waiting;

/// <summary>A wake-up that was sent, for the wait graph.</summary>
/// <param name="Key">The key that was woken.</param>
/// <param name="Mode">Which waiters it was for.</param>
/// <param name="ManagedThreadId">The thread that sent it.</param>
/// <param name="Timestamp">When, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal readonly record struct LastWake(WaitKey Key, WakeMode Mode, int ManagedThreadId, long Timestamp);
