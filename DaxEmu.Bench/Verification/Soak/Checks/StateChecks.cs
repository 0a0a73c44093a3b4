namespace DaxEmu.Bench.Verification.Soak.Checks;

/// <summary>What must hold at a quiescent point.</summary>
/// <remarks>Keeps its tables from one look to the next: a soak of hours makes some ten thousand looks.</remarks>
internal sealed class StateChecks
{
    /// <summary>Findings of one look that are reported; the rest is counted.</summary>
    public const int MostTold = 20;

    private readonly SoakFixture fixture;
    private readonly BlockChecks blocks;
    private readonly ContentChecks contents;
    private readonly DurabilityChecks durability;

    public StateChecks(SoakFixture fixture)
    {
        this.fixture = fixture;
        blocks = new BlockChecks(fixture);
        contents = new ContentChecks(fixture);
        durability = new DurabilityChecks(fixture);
    }

    /// <summary>How much was compared with what a loss of power would leave.</summary>
    public SoakCounts Counts => durability.Counts;

    /// <summary>Looks at everything. Contents of large files are looked at a part at a time.</summary>
    /// <param name="isLast">Whether all contents are looked at.</param>
    public IReadOnlyList<SoakFinding> Run(bool isLast)
    {
        fixture.Settle();
        var found = new List<SoakFinding>();
        foreach (string problem in Problems().Take(MostTold))
        {
            found.Add(new SoakFinding(FindingKind.State, problem));
        }

        found.AddRange(contents.Run(isLast).Take(MostTold));
        found.AddRange(durability.BeforeSync(isLast).Take(MostTold));
        if (found.Count == 0)
        {
            // Not where something is wrong: a sync would wait for an entry that stays locked.
            found.AddRange(durability.Sync().Concat(durability.AfterSync(isLast)).Take(MostTold));
        }

        return found;
    }

    private IEnumerable<string> Problems() => QuiescenceChecks.Run(fixture)
        .Concat(fixture.Files.SelectMany(f => f.Mapping.Entries.Verify().Select(p => $"{fixture.NameOf(f)}: {p}")))
        .Concat(fixture.Files.SelectMany(f => TranslationChecks.Run(f).Select(p => $"{fixture.NameOf(f)}: {p}")))
        .Concat(blocks.Run())
        .Concat(fixture.Lines.FindWrong());
}
