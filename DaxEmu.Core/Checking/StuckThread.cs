using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>A thread that never finishes.</summary>
/// <param name="Thread">Its number.</param>
/// <param name="Pending">What it waits in, or the step it would make next.</param>
/// <param name="Site">Where.</param>
/// <param name="Label">What the author calls that step; null for a step of the core.</param>
internal readonly record struct StuckThread(int Thread, StepKind Pending, Site Site, string? Label)
{
    /// <summary>Where it is stuck, for people.</summary>
    public string Place => Label is null ? $"at {Site}" : $"in '{Label}'";
}
