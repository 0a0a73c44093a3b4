using System.Numerics;

namespace DaxEmu.Core.Checking.Strategies;

/// <summary>Whatever can happen next happens with the same chance. Finds shallow bugs at once, and needs no tuning.</summary>
internal sealed class RandomWalk(ulong seed) : IStrategy
{
    private SeededRandom random = new(seed);

    /// <inheritdoc/>
    public bool NewExecution() => true;

    /// <inheritdoc/>
    public Choice NextThread(in Question question) => question.IsForced
        ? question.First
        : Question.At(question.Options, random.Below(BitOperations.PopCount(question.Options)));

    /// <inheritdoc/>
    public ulong NextValue(ulong bound) => random.Below(bound);
}
