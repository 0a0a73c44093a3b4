namespace DaxEmu.Bench.Verification.Replay;

/// <summary>An op in which the emulator differs from the kernel.</summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Number">The op's place in it, from 1.</param>
/// <param name="Op">The op.</param>
/// <param name="Lines">What differs: a line of the kernel and one of the emulator for each.</param>
/// <param name="IsAdopted">Whether the op was the file system's own and the recorded state was taken over.</param>
internal sealed record ReplayMismatch(string Scenario, int Number, string Op, IReadOnlyList<string> Lines, bool IsAdopted)
{
    public override string ToString() =>
        $"{Scenario}, op {Number}: {Op}{(IsAdopted ? " (recorded state adopted)" : string.Empty)}\n{string.Join('\n', Lines.Select(l => "   " + l))}";
}

/// <summary>What a replay of one scenario came to.</summary>
/// <param name="OpCount">Ops that were carried out.</param>
/// <param name="FileSystemOpCount">Those of the file system's own.</param>
/// <param name="WrongCount">Ops in which the emulator is wrong.</param>
/// <param name="AdoptedCount">Ops of the file system's own whose outcome was taken over from the recording.</param>
/// <param name="Mismatches">Ops of both kinds, in order: the first of each, no more than <see cref="ReplayLimits.ShownMismatches"/>.</param>
internal sealed record ReplayReport(int OpCount, int FileSystemOpCount, int WrongCount, int AdoptedCount, IReadOnlyList<ReplayMismatch> Mismatches)
{
    /// <summary>Ops that were to be carried out by real accesses and were not, by reason.</summary>
    public IReadOnlyDictionary<string, int> NotShown { get; init; } = new Dictionary<string, int>();

    /// <summary>Loads and stores that were made at real addresses.</summary>
    public long RealAccessCount { get; init; }
}
