namespace DaxEmu.Core.Checking;

/// <summary>Thrown out of a thread's step when its run is over before the thread is; only the scheduler catches it.</summary>
internal sealed class RunAbandonedException() : Exception("the run of the scenario was abandoned");
