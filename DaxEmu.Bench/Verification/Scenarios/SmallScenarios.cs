using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>All scenarios that have a name: those of the entry table alone, and those of the whole fault path.</summary>
internal static class SmallScenarios
{
    /// <summary>The historic bugs, each with the scenario and the profile that show it.</summary>
    public static IReadOnlyList<HistoricBug> Bugs { get; } = [.. LockScenarios.Bugs, .. MappingScenarios.Bugs];

    /// <summary>The names of the scenarios.</summary>
    public static IEnumerable<string> Names => LockScenarios.Names.Concat(MappingScenarios.Names);

    /// <summary>A scenario under a profile, or a generated scenario of the entry table by its long name.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists the scenarios.</exception>
    public static Scenario Named(string name, WaitProfile profile)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool isGenerated = name.Contains("--", StringComparison.Ordinal);
        return MappingScenarios.Names.Contains(name) ? MappingScenarios.Named(name, profile)
            : isGenerated || LockScenarios.Names.Contains(name) ? LockScenarios.Named(name, profile)
            : throw new ArgumentException($"there is no scenario '{name}'. Choose one of: {string.Join(", ", Names)}.", nameof(name));
    }
}
