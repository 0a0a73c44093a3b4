namespace Samples.LockFreeQueue;

/// <summary>What is left out of the queue on purpose, to see that a search finds it.</summary>
internal enum QueueFlaw
{
    /// <summary>Nothing: the queue is right.</summary>
    None,

    /// <summary>The consumer does not look at the queue again between announcing its sleep and sleeping.</summary>
    NoRecheck,

    /// <summary>The producer has no barrier between publishing a value and looking for a waiter.</summary>
    NoBarrier,
}
