using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>What happens next in a schedule: a thread makes a step, or a thread's oldest buffered store reaches memory.</summary>
/// <param name="Code">The thread's number, plus <see cref="MaxThreads"/> for a drain.</param>
internal readonly record struct Choice(byte Code)
{
    /// <summary>The most threads of a scenario.</summary>
    public const int MaxThreads = ThreadSlots.SchedulerCapacity;

    /// <summary>The thread whose step or store it is.</summary>
    public int Thread => Code % MaxThreads;

    /// <summary>Whether a buffered store reaches memory, and no thread makes a step.</summary>
    public bool IsDrain => Code >= MaxThreads;

    /// <summary>The choice as a set of one.</summary>
    public uint Bit => 1u << Code;

    public static Choice StepOf(int thread) => new((byte)thread);

    public static Choice DrainOf(int thread) => new((byte)(thread + MaxThreads));

    /// <inheritdoc/>
    public override string ToString() => IsDrain ? $"T{Thread} drains" : $"T{Thread}";
}
