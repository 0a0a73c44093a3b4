namespace DaxEmu.Core.Checking.Strategies;

/// <summary>Does as a schedule says, once. If it does not fit the scenario, the first step that does not is named.</summary>
internal sealed class Replay(Schedule schedule) : IStrategy
{
    /// <summary>Why a schedule may not fit.</summary>
    public const string Reasons = "It was cut or changed, or the scenario is another one in this build.";

    private bool isUsed;
    private int valueCount;

    /// <inheritdoc/>
    public bool NewExecution()
    {
        bool isFirst = !isUsed;
        isUsed = true;
        return isFirst;
    }

    /// <inheritdoc/>
    /// <exception cref="ScheduleMismatchException">The schedule is over, or what it says cannot happen.</exception>
    public Choice NextThread(in Question question)
    {
        if (question.Step >= schedule.Choices.Count)
        {
            throw new ScheduleMismatchException(
                $"the schedule ends after {schedule.Choices.Count} steps and the run does not: {Describe(question.Options)} can come next. {Reasons}");
        }

        Choice choice = schedule.Choices[question.Step];
        return question.Has(choice)
            ? choice
            : throw new ScheduleMismatchException(
                $"step {question.Step} of the schedule is '{choice}', but here only {Describe(question.Options)} can come next. {Reasons}");
    }

    /// <inheritdoc/>
    /// <exception cref="ScheduleMismatchException">The schedule has no more values, or one that is too large.</exception>
    public ulong NextValue(ulong bound)
    {
        ulong value = valueCount < schedule.Values.Count ? schedule.Values[valueCount] : ulong.MaxValue;
        valueCount++;
        return value < bound
            ? value
            : throw new ScheduleMismatchException(
                $"the schedule has no value below {bound} at place {valueCount - 1} of its values. {Reasons}");
    }

    private static string Describe(uint options)
    {
        List<string> names = [];
        for (; options != 0; options &= options - 1)
        {
            names.Add($"'{Question.FirstOf(options)}'");
        }

        return string.Join(", ", names);
    }
}
