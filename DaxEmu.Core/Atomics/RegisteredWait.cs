namespace DaxEmu.Core.Atomics;

/// <summary>A thread that waits for a lock or for a page's pins.</summary>
/// <param name="ManagedThreadId">The thread.</param>
/// <param name="Kind">What it waits for.</param>
/// <param name="Target">At what.</param>
/// <param name="Detail">Which part of the target: a device page.</param>
/// <param name="SinceTimestamp">Since when, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal sealed record RegisteredWait(int ManagedThreadId, WaitKind Kind, IWaitTarget Target, long Detail, long SinceTimestamp);
