namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>How a version of a unit comes about.</summary>
/// <param name="Hash">What the state's hash changes by if it is this version and not the certain content.</param>
/// <param name="CachedCount">How many of the line's undecided cached stores arrived.</param>
/// <param name="Arrived">A bit for each undecided store around the caches of this unit, in their order: whether it arrived.</param>
internal readonly record struct UnitVersion(StateHash Hash, int CachedCount, ulong Arrived);
