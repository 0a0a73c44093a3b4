namespace DaxEmu.Bench.Verification.Replay;

/// <summary>The reports of many scenarios together. Holds the first mismatches, however many there are.</summary>
internal sealed class ReplayTotals
{
    private readonly List<ReplayMismatch> mismatches = [];
    private int keptWrong;
    private int keptAdopted;

    public int ScenarioCount { get; private set; }

    public long OpCount { get; private set; }

    public long FileSystemOpCount { get; private set; }

    /// <summary>Ops in which the emulator is wrong.</summary>
    public long WrongCount { get; private set; }

    /// <summary>Ops of the file system's own whose outcome was taken over from the recording.</summary>
    public long AdoptedCount { get; private set; }

    /// <summary>Ops that were to be carried out by real accesses and were not, by reason.</summary>
    public SortedDictionary<string, long> NotShown { get; } = [];

    /// <summary>Loads and stores that were made at real addresses.</summary>
    public long RealAccessCount { get; private set; }

    /// <summary>The first mismatches of both kinds, in order.</summary>
    public IReadOnlyList<ReplayMismatch> Mismatches => mismatches;

    /// <summary>Takes a scenario's report in.</summary>
    public void Add(ReplayReport report)
    {
        ScenarioCount++;
        OpCount += report.OpCount;
        FileSystemOpCount += report.FileSystemOpCount;
        WrongCount += report.WrongCount;
        AdoptedCount += report.AdoptedCount;
        RealAccessCount += report.RealAccessCount;
        foreach ((string reason, int count) in report.NotShown)
        {
            NotShown[reason] = NotShown.GetValueOrDefault(reason) + count;
        }

        foreach (ReplayMismatch mismatch in report.Mismatches)
        {
            ref int kept = ref mismatch.IsAdopted ? ref keptAdopted : ref keptWrong;
            if (kept < ReplayLimits.ShownMismatches / 2)
            {
                kept++;
                mismatches.Add(mismatch);
            }
        }
    }
}
