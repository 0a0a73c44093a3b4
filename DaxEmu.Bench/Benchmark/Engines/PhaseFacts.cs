namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>What holds for a phase, whatever the engine.</summary>
internal static class PhaseFacts
{
    private static readonly (string Name, FaultPhase Phase)[] All =
    [
        ("refault", FaultPhase.Refault),
        ("insert", FaultPhase.Insert),
        ("populate", FaultPhase.Populate),
        ("writeback", FaultPhase.Writeback),
        ("zap", FaultPhase.Zap),
        ("truncate", FaultPhase.Truncate),
        ("access", FaultPhase.Access),
        ("scan", FaultPhase.Scan),
        ("remap", FaultPhase.Remap),
        ("pread", FaultPhase.Pread),
        ("pwrite", FaultPhase.Pwrite),
        ("append", FaultPhase.Append),
    ];

    /// <summary>The phases by the names that a user gives them.</summary>
    public static string[] Names { get; } = [.. All.Select(p => p.Name)];

    /// <summary>The phase of one of <see cref="Names"/>.</summary>
    public static FaultPhase ByName(string name) => All.First(p => p.Name == name).Phase;

    /// <summary>The name by which it is chosen.</summary>
    public static string NameOf(FaultPhase phase) => All.First(p => p.Phase == phase).Name;

    /// <summary>Whether blocks of a file are copied: of any size, by a call each.</summary>
    public static bool IsData(FaultPhase phase) => phase is FaultPhase.Pread or FaultPhase.Pwrite or FaultPhase.Append;

    /// <summary>Whether one call does the whole slice, so that what is counted is a unit of it.</summary>
    public static bool IsRange(FaultPhase phase) =>
        phase is FaultPhase.Populate or FaultPhase.Writeback or FaultPhase.Zap or FaultPhase.Truncate or FaultPhase.Scan or FaultPhase.Remap;

    /// <summary>Whether each unit costs a fault.</summary>
    public static bool IsFault(FaultPhase phase) => phase is FaultPhase.Refault or FaultPhase.Insert;

    /// <summary>Whether the pages' own bytes are loaded or stored, so that the device must have memory for all of them.</summary>
    public static bool NeedsPages(FaultPhase phase) => IsData(phase) || phase is FaultPhase.Writeback or FaultPhase.Access;

    /// <summary>Why a pattern has no meaning in a phase, and what has; null if it has one.</summary>
    public static string? RefusalOf(FaultPhase phase, bool isWrite, bool isRandom) => phase switch
    {
        FaultPhase.Pread when isWrite => "it reads: give read or randread",
        FaultPhase.Pwrite when !isWrite => "it writes: give write or randwrite",
        FaultPhase.Append when !isWrite || isRandom => "it writes at the end: give write",
        FaultPhase.Writeback when !isWrite => "what was only read is not written back: give write",
        not FaultPhase.Scan when isRandom && IsRange(phase) => "a range has its order: give read or write",
        _ => null,
    };
}
