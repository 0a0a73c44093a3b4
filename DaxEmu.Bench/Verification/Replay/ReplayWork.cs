namespace DaxEmu.Bench.Verification.Replay;

/// <summary>What a scenario has cost so far, held against <see cref="ReplayLimits"/>; and whether it is to end.</summary>
/// <param name="cancellation">Ends the work.</param>
internal sealed class ReplayWork(CancellationToken cancellation)
{
    /// <summary>Steps for a page whose bytes are written or looked at.</summary>
    public const long Page = 1000;

    /// <summary>Steps for a page whose bytes are summed up.</summary>
    public const long SummedPage = 10_000;

    /// <summary>Steps for a slot of a table that is walked over.</summary>
    public const long Slot = 4;

    /// <summary>Steps for an extent that is looked at.</summary>
    public const long Piece = 80;

    /// <summary>Steps for a row that is compared.</summary>
    public const long Row = 50;

    /// <summary>Steps for a row that is compared or taken over, for a page that is looked up, and for one that is written back.</summary>
    public const long Step = 1000;

    /// <summary>Steps for a reading of the process's real mappings.</summary>
    public const long MapsRead = 100_000;

    private long left = ReplayLimits.WorkSteps;

    /// <summary>Cancelled when the replay is to end.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Takes steps from what is left.</summary>
    /// <param name="count">How often.</param>
    /// <param name="steps">Steps for each.</param>
    /// <exception cref="FormatException">Nothing is left.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public void Charge(long count, long steps)
    {
        Cancellation.ThrowIfCancellationRequested();
        left -= count * steps;
        if (left < 0)
        {
            throw new FormatException(
                $"with this op the scenario has more work than is done for one ({ReplayLimits.WorkSteps} steps; a page that is written counts {Page}). Split it");
        }
    }
}
