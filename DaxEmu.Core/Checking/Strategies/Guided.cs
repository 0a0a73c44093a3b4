namespace DaxEmu.Core.Checking.Strategies;

/// <summary>
/// Follows a list of turns as far as it fits: a turn is a thread and how many steps it may make. What does not fit is left out, and
/// after the last turn things take their course without a preemption. The shrinker's way to try a changed schedule.
/// </summary>
internal sealed class Guided(IReadOnlyList<Turn> turns, IReadOnlyList<ulong> values) : IStrategy
{
    private int turn = -1;
    private int left;
    private int valueCount;

    /// <inheritdoc/>
    public bool NewExecution()
    {
        bool isFirst = turn < 0;
        turn = 0;
        left = turns.Count > 0 ? turns[0].Count : 0;
        return isFirst;
    }

    /// <inheritdoc/>
    public Choice NextThread(in Question question)
    {
        for (; turn < turns.Count; turn++, left = turn < turns.Count ? turns[turn].Count : 0)
        {
            Choice choice = turns[turn].Choice;
            if (left > 0 && question.Has(choice))
            {
                left--;
                return choice;
            }
        }

        return question.Default;
    }

    /// <inheritdoc/>
    public ulong NextValue(ulong bound)
    {
        ulong value = valueCount < values.Count ? values[valueCount] : 0;
        valueCount++;
        return value % bound;
    }
}

/// <summary>Some steps in a row.</summary>
/// <param name="Choice">Whose.</param>
/// <param name="Count">At most how many; <see cref="UntilItStops"/> for as long as it can.</param>
internal readonly record struct Turn(Choice Choice, int Count)
{
    public const int UntilItStops = int.MaxValue;
}
