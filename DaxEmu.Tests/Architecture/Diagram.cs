using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.Architecture;

/// <summary>A diagram of docs/architecture.md: the Mermaid block under the heading that names the project.</summary>
internal sealed partial class Diagram
{
    private readonly Dictionary<string, HashSet<string>> reached;

    private Diagram(IReadOnlyList<(string From, string To)> arrows)
    {
        Arrows = arrows;
        Modules = [.. arrows.SelectMany(a => new[] { a.From, a.To }).Distinct().Order(StringComparer.Ordinal)];
        reached = Modules.ToDictionary(m => m, m => Below(m, []));
    }

    /// <summary>The arrows, as drawn.</summary>
    public IReadOnlyList<(string From, string To)> Arrows { get; }

    /// <summary>The modules at either end of an arrow.</summary>
    public IReadOnlyList<string> Modules { get; }

    /// <summary>Reads the diagram of a project.</summary>
    public static Diagram Of(string project)
    {
        string document = File.ReadAllText(Path.Combine(Solution.Root, "docs", "architecture.md"));
        string block = Block().Matches(document).Single(m => m.Groups["project"].Value == project).Groups["arrows"].Value;
        return new Diagram([.. Arrow().Matches(block).Select(m => (m.Groups[1].Value, m.Groups[2].Value))]);
    }

    /// <summary>Whether a module may use another: an arrow leads there, or several in a row.</summary>
    public bool Reaches(string from, string to) => reached.TryGetValue(from, out HashSet<string>? below) && below.Contains(to);

    private HashSet<string> Below(string module, HashSet<string> found)
    {
        foreach ((_, string to) in Arrows.Where(a => a.From == module))
        {
            if (found.Add(to))
            {
                Below(to, found);
            }
        }

        return found;
    }

    [GeneratedRegex(@"```mermaid\n%% (?<project>[\w.]+)\n(?<arrows>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"(\w+) --> (\w+)")]
    private static partial Regex Arrow();
}
