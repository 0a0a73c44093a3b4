namespace DaxEmu.Core.Dax.Waiting;

/// <summary>What a wake-up is sent for.</summary>
/// <param name="Start">First page of the entry that was unlocked or removed; negative if the wake-up is passed on.</param>
/// <param name="Order">That entry's order.</param>
internal readonly record struct WakeCause(long Start, PageOrder Order)
{
    /// <summary>A woken thread abandoned its wait.</summary>
    public static WakeCause PassedOn => new(-1, PageOrder.Pte);
}
