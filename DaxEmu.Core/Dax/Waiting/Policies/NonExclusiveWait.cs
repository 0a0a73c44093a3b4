namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>A thread that may abandon its wait waits so that it cannot swallow a wake-up (upstream since 4.20).</summary>
internal sealed class NonExclusiveWait : IGiveUpWait
{
    /// <inheritdoc/>
    public bool IsExclusive => false;
}
