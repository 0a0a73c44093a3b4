namespace DaxEmu.Core.Dax.Waiting;

/// <summary>Evaluated under the queue's lock: is there still something to wait for?</summary>
internal interface IParkCondition
{
    /// <summary>Runs under the queue's lock: it must not sleep, wake or throw.</summary>
    bool StillHolds();
}
