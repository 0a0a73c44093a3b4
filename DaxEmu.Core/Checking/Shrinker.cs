using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Core.Checking;

/// <summary>Makes a failing schedule shorter: fewer turns taken from threads, fewer drains, fewer steps, the same failure.</summary>
internal sealed class Shrinker(ControlledScheduler scheduler, Scenario scenario)
{
    private int budget;

    /// <summary>Shrinks.</summary>
    /// <param name="failing">A report of a failure.</param>
    /// <param name="maxSchedules">How many schedules it may cost.</param>
    /// <returns>A report that fails alike; the same one if nothing shorter was found.</returns>
    public RunReport Shrink(RunReport failing, int maxSchedules = 4000)
    {
        if (failing.Failure is null)
        {
            throw new ArgumentException("there is no failure to keep.", nameof(failing));
        }

        budget = maxSchedules / 2;
        RunReport best = ByDroppingTurns(failing);
        int preemptions = best.Schedule.SwitchCount;
        budget += maxSchedules / 2;
        RunReport searched = BySearch(best, Math.Min(preemptions, 3));
        return IsSmaller(searched.Schedule, best.Schedule) ? ByDroppingTurns(searched) : best;
    }

    private static bool IsSmaller(Schedule one, Schedule other) => Size(one).CompareTo(Size(other)) < 0;

    private static (int Switches, int Drains, int Steps) Size(Schedule schedule) =>
        (schedule.SwitchCount, schedule.DrainCount, schedule.Choices.Count);

    private static List<Turn> TurnsOf(Schedule schedule)
    {
        List<Turn> turns = [];
        foreach (Choice choice in schedule.Choices)
        {
            if (turns.Count > 0 && turns[^1].Choice == choice)
            {
                turns[^1] = turns[^1] with { Count = turns[^1].Count + 1 };
            }
            else
            {
                turns.Add(new Turn(choice, 1));
            }
        }

        return turns;
    }

    // Variants of a schedule, the boldest first: all turns from here on left out; one left out; one as long as it can be; one a step shorter.
    private static IEnumerable<List<Turn>> Variants(List<Turn> turns)
    {
        for (int keep = 0; keep < turns.Count; keep++)
        {
            yield return turns[..keep];
        }

        for (int i = turns.Count - 1; i >= 0; i--)
        {
            yield return [.. turns[..i], .. turns[(i + 1)..]];
        }

        for (int i = 0; i < turns.Count; i++)
        {
            if (!turns[i].Choice.IsDrain)
            {
                yield return [.. turns[..i], turns[i] with { Count = Turn.UntilItStops }, .. turns[(i + 1)..]];
                yield return [.. turns[..i], turns[i] with { Count = turns[i].Count - 1 }, .. turns[(i + 1)..]];
            }
        }
    }

    private RunReport ByDroppingTurns(RunReport best)
    {
        bool isBetter = true;
        while (isBetter && budget > 0)
        {
            isBetter = false;
            foreach (List<Turn> variant in Variants(TurnsOf(best.Schedule)))
            {
                if (budget-- <= 0)
                {
                    break;
                }

                RunReport tried = scheduler.Run(new Guided(variant, best.Schedule.Values), RunLimits.One);
                if (tried.Failure is { } failure && failure.IsLike(best.Failure!) && IsSmaller(tried.Schedule, best.Schedule))
                {
                    best = tried;
                    isBetter = true;
                    break;
                }
            }
        }

        return best;
    }

    // A search with few preemptions comes first upon a failure that needs few; it may be another failure, then it is of no use.
    private RunReport BySearch(RunReport best, int maxPreemptions)
    {
        RunReport found = scheduler.Run(new Exhaustive(maxPreemptions, scenario.IsOrderedBySteps), new RunLimits(budget, TimeSpan.FromSeconds(2)));
        return found.Failure is { } failure && failure.IsLike(best.Failure!) ? found : best;
    }
}
