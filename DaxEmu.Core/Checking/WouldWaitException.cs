namespace DaxEmu.Core.Checking;

/// <summary>A step outside the schedule met a wait that no thread is left to end: a lock that was not dropped, as a rule.</summary>
internal sealed class WouldWaitException(string place)
    : Exception($"the final check, or what makes or ends a run, would wait for ever {place}.");
