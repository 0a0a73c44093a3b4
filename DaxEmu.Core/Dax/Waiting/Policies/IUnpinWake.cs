namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Whether the thread that drops the last pin of a device page wakes those that wait until it is idle (<c>put_page</c>, <c>folio_put</c>).</summary>
internal interface IUnpinWake
{
    /// <summary>Whether they are woken.</summary>
    bool WakesWhenIdle { get; }
}
