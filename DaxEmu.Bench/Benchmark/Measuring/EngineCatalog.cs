using DaxEmu.Bench.Benchmark.Engines;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>The engines by name, and which phases each has a part in.</summary>
internal static class EngineCatalog
{
    /// <summary>The engine that is another program.</summary>
    public const string Fio = "fio";

    /// <summary>The emulator's own design, alone.</summary>
    public const string Flat = "flat";

    /// <summary>The same with a reference count a page.</summary>
    public const string FlatWithCounts = "flat-refcount";

    /// <summary>Translations that are the file's.</summary>
    public const string FileTables = "file-tables";

    private static readonly (string Name, bool IsDefault, Func<FaultPhase, bool> Serves)[] All =
    [
        ("emu", true, _ => true),
        ("locked-radix", true, phase => IsOfTables(phase) && phase != FaultPhase.Remap),
        ("kernel", true, phase => phase is not (FaultPhase.Access or FaultPhase.Scan or FaultPhase.Append)),
        ("floor", true, phase => !PhaseFacts.IsData(phase)),
        ("copy", true, phase => PhaseFacts.IsData(phase) && phase != FaultPhase.Append),
        ("mmf", false, PhaseFacts.IsFault),
        ("mmf-span", false, PhaseFacts.IsFault),
        (Fio, false, phase => PhaseFacts.IsData(phase) && phase != FaultPhase.Append),
        (Flat, false, IsOfTables),
        (FlatWithCounts, false, IsOfTables),
        (FileTables, false, IsOfTables),
    ];

    /// <summary>Every engine.</summary>
    public static string[] Names { get; } = [.. All.Select(e => e.Name)];

    /// <summary>Whether an engine is a design without a kernel or an emulator around it.</summary>
    public static bool IsDesign(string engine) => engine is Flat or FlatWithCounts or FileTables;

    /// <summary>Whether an engine has a part in a phase.</summary>
    public static bool Serves(string engine, FaultPhase phase) => All.First(e => e.Name == engine).Serves(phase);

    /// <summary>The engines of a run that names none.</summary>
    public static IReadOnlyList<string> DefaultsOf(IEnumerable<FaultPhase> phases)
    {
        FaultPhase[] asked = [.. phases];
        return [.. All.Where(e => e.IsDefault && asked.Any(e.Serves)).Select(e => e.Name)];
    }

    /// <summary>Refuses engines that have no part in any phase asked for, and phases in which none of the engines has a part.</summary>
    /// <exception cref="ArgumentException">There is such a one; the message names it and what would do.</exception>
    public static void Check(IReadOnlyList<string> engines, IReadOnlyList<FaultPhase> phases)
    {
        foreach (string engine in engines)
        {
            if (!phases.Any(phase => Serves(engine, phase)))
            {
                string asked = string.Join(",", phases.Select(PhaseFacts.NameOf));
                string served = string.Join(", ", PhaseFacts.Names.Where(name => Serves(engine, PhaseFacts.ByName(name))));
                throw new ArgumentException($"--engine {engine} has no part in --phase {asked}. Leave it away, or give one of its phases: {served}.");
            }
        }

        foreach (FaultPhase phase in phases)
        {
            if (!engines.Any(engine => Serves(engine, phase)))
            {
                string served = string.Join(", ", Names.Where(engine => Serves(engine, phase)));
                throw new ArgumentException($"--phase {PhaseFacts.NameOf(phase)} has no part for --engine {string.Join(",", engines)}. Add one of: {served}.");
            }
        }
    }

    // What needs no memory of the device, but tables alone.
    private static bool IsOfTables(FaultPhase phase) => !PhaseFacts.NeedsPages(phase);
}
