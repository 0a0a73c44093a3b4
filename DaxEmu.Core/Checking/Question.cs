using System.Numerics;

namespace DaxEmu.Core.Checking;

/// <summary>The question that a strategy answers before each step.</summary>
/// <param name="Step">Number of the step, from 0.</param>
/// <param name="Options">What can happen next, one bit a <see cref="Choice"/>; never empty.</param>
/// <param name="Current">The thread that made the last step; -1 before the first.</param>
/// <param name="StateHash">See <see cref="ScenarioMemory.StateHash"/>.</param>
/// <param name="Last">What the last step accessed.</param>
/// <param name="Next">What the current thread's next step will access; nothing if it has none.</param>
internal readonly record struct Question(int Step, uint Options, int Current, ulong StateHash, Access Last = default, Access Next = default)
{
    private const uint StepOptions = (1u << Choice.MaxThreads) - 1;

    /// <summary>Whether only one thing can happen.</summary>
    public bool IsForced => BitOperations.IsPow2(Options);

    /// <summary>The first option: a step, if any thread can make one.</summary>
    public Choice First => FirstOf(Options);

    /// <summary>Whether the thread that made the last step can make the next.</summary>
    public bool CurrentCanGoOn => Current >= 0 && Has(Choice.StepOf(Current));

    /// <summary>Whether choosing this takes the turn from a thread that could go on. A drain takes no turn.</summary>
    public bool IsPreemption(Choice choice) => CurrentCanGoOn && !choice.IsDrain && choice.Thread != Current;

    public bool Has(Choice choice) => (Options & choice.Bit) != 0;

    /// <summary>What a schedule without preemptions does: the current thread goes on, else the first that can.</summary>
    public Choice Default => CurrentCanGoOn ? Choice.StepOf(Current) : First;

    /// <summary>The options that are steps of threads.</summary>
    public uint Steps => Options & StepOptions;

    /// <summary>The choice that is the lowest bit of a set.</summary>
    public static Choice FirstOf(uint options) => new((byte)BitOperations.TrailingZeroCount(options));

    /// <summary>The choice that is the n-th lowest bit of a set.</summary>
    public static Choice At(uint options, int n)
    {
        for (; n > 0; n--)
        {
            options &= options - 1;
        }

        return FirstOf(options);
    }
}
