namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Why a store was not durable.</summary>
internal enum LossReason
{
    /// <summary>Nothing was lost.</summary>
    None,

    /// <summary>Its line was not flushed after it.</summary>
    NotFlushed,

    /// <summary>Its line was flushed after it, and the thread that did so has passed no fence since.</summary>
    NotFenced,

    /// <summary>It went around the caches, and its thread has passed no fence since.</summary>
    NotDrained,
}
