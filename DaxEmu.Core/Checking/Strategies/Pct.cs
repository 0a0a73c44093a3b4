namespace DaxEmu.Core.Checking.Strategies;

/// <summary>
/// Probabilistic concurrency testing (Burckhardt and others, 2010): each thread, and each thread's store buffer, has a random priority;
/// the highest that can go on goes on; at d random steps the one that goes on drops below all others. A bug that needs d
/// orders to come out wrong is found by each schedule with a chance of at least 1 / (n k^(d-1)), for n threads and k steps.
/// </summary>
internal sealed class Pct : IStrategy
{
    private const int Places = 2 * Choice.MaxThreads;
    private const int FirstGuessOfSteps = 64;

    private readonly int changePointCount;

    // Distinct: those of the start are 1 to Places in some order, later ones count down from 0.
    private readonly int[] priorities = new int[Places];

    // Steps before which a priority drops; may coincide, then they count once.
    private readonly int[] changePoints;
    private SeededRandom random;
    private int lowest;
    private int longest = FirstGuessOfSteps;
    private int steps;

    /// <param name="changePointCount">How often a priority drops: d.</param>
    /// <param name="seed">Seed of all choices.</param>
    public Pct(int changePointCount, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(changePointCount);
        this.changePointCount = changePointCount;
        changePoints = new int[changePointCount];
        random = new SeededRandom(seed);
    }

    /// <inheritdoc/>
    public bool NewExecution()
    {
        longest = Math.Max(longest, steps);
        for (int i = 0; i < Places; i++)
        {
            int other = random.Below(i + 1);
            priorities[i] = priorities[other];
            priorities[other] = i + 1;
        }

        for (int i = 0; i < changePointCount; i++)
        {
            changePoints[i] = random.Below(longest);
        }

        lowest = 0;
        return true;
    }

    /// <inheritdoc/>
    public Choice NextThread(in Question question)
    {
        steps = question.Step + 1;
        Choice choice = Highest(question.Options);
        if (changePoints.AsSpan().Contains(question.Step))
        {
            priorities[choice.Code] = lowest--;
            choice = Highest(question.Options);
        }

        return choice;
    }

    /// <inheritdoc/>
    public ulong NextValue(ulong bound) => random.Below(bound);

    private Choice Highest(uint options)
    {
        Choice best = Question.FirstOf(options);
        for (uint rest = options & (options - 1); rest != 0; rest &= rest - 1)
        {
            Choice choice = Question.FirstOf(rest);
            best = priorities[choice.Code] > priorities[best.Code] ? choice : best;
        }

        return best;
    }
}
