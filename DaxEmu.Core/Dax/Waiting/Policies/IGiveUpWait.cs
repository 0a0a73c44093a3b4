namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>How a thread waits that may never look at the entry again (<c>wait_entry_unlocked</c>).</summary>
internal interface IGiveUpWait
{
    /// <summary>Whether a wake-next may stop at it.</summary>
    bool IsExclusive { get; }
}
