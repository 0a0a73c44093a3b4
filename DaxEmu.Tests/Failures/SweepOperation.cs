namespace DaxEmu.Tests.Failures;

/// <summary>An operation whose every step is made to fail.</summary>
/// <param name="Name">What it is, for people and for the name of a test.</param>
/// <param name="IsLarge">Whether it takes the scenario with entries of 2 MiB.</param>
/// <param name="Act">Carries it out, and says how many bytes it has done if it counts them, else -1.</param>
/// <param name="After">What can be seen afterwards if so many bytes are done; operations that count none are given 0.</param>
internal sealed record SweepOperation(string Name, bool IsLarge, Func<SweepFixture, long> Act, Action<SweepModel, long> After)
{
    /// <summary>Brings the scenario to where the operation starts.</summary>
    public Action<SweepFixture>? Prepare { get; init; }

    /// <summary>
    /// How far the operation may have come when it ends early: it may do a prefix, of one of these many bytes or of all. Empty if it happens
    /// as a whole or not at all.
    /// </summary>
    public IReadOnlyList<long> Stops { get; init; } = [];

    /// <summary>How many bytes it does in all, if it counts them.</summary>
    public long LengthBytes { get; init; }

    /// <summary>
    /// Pages that are zeroed in part. This is the last step, after which nothing can be taken back: if the storage does not take the zeroes,
    /// they show, no entry is dirty for them, and the next sync reports an error.
    /// </summary>
    public IReadOnlyList<long> Edges { get; init; } = [];

    /// <summary>Whether errors of the storage come out as they are: it is the storage alone that is asked.</summary>
    public bool HandsErrorsOn { get; init; }

    /// <summary>What else must hold when it has ended well.</summary>
    public Func<SweepFixture, string?>? Also { get; init; }

    /// <summary>Whether it is tried with the older kernel's behaviour too.</summary>
    public bool WithOlderKernel { get; init; }

    /// <summary>Whether it can be cancelled.</summary>
    public bool TakesToken { get; init; }
}
