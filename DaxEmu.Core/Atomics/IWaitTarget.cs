namespace DaxEmu.Core.Atomics;

/// <summary>What threads wait for besides entries: a lock, or the pins of a device's pages.</summary>
internal interface IWaitTarget
{
    /// <summary>Its state now, for people. Called on any thread; it takes no lock and decides nothing.</summary>
    /// <param name="kind">What the asking thread waits for.</param>
    /// <param name="detail">Which part of it, as given to <see cref="WaitRegistry.Enter"/>.</param>
    WaitTargetState StateOf(WaitKind kind, long detail);
}
