namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>
/// A lock by page waits exclusively, is the one woken, finds the page gone and passes nothing on (4.19). Smallest case: three threads, six
/// steps.
/// </summary>
internal sealed class ExclusiveThenLeave : IGiveUpWait
{
    /// <inheritdoc/>
    public bool IsExclusive => true;
}
