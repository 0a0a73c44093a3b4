using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Core.Checking.Worlds;

/// <summary>All worlds that have a name: those of the entry table alone, and those of the whole fault path.</summary>
internal static class CheckWorlds
{
    /// <summary>The bugs of history, each with the scenario and the profile that show it.</summary>
    public static IReadOnlyList<HistoricBug> Bugs { get; } = [.. LockWorlds.Bugs, .. MappingWorlds.Bugs];

    /// <summary>The names of the scenarios.</summary>
    public static IEnumerable<string> Names => LockWorlds.Names.Concat(MappingWorlds.Names);

    /// <summary>A scenario under a profile, or a generated world of the entry table by its long name.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists the scenarios.</exception>
    public static World Named(string name, WaitProfile profile)
    {
        ArgumentNullException.ThrowIfNull(name);
        bool isGenerated = name.Contains("--", StringComparison.Ordinal);
        return MappingWorlds.Names.Contains(name) ? MappingWorlds.Named(name, profile)
            : isGenerated || LockWorlds.Names.Contains(name) ? LockWorlds.Named(name, profile)
            : throw new ArgumentException($"there is no scenario '{name}'. Choose one of: {string.Join(", ", Names)}.", nameof(name));
    }
}
