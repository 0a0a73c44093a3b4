namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>The last unpin wakes the threads that break the layout around the page.</summary>
internal sealed class WakeWhenIdle : IUnpinWake
{
    /// <inheritdoc/>
    public bool WakesWhenIdle => true;
}
