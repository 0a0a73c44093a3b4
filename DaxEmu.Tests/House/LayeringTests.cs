using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.House;

/// <summary>The arrows between rooms stay as drawn in docs/architecture.md.</summary>
public sealed partial class LayeringTests
{
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Units"] = [],
        ["Tracing"] = ["Units"],
        ["Interleaving"] = ["Units"],
        ["Waiting"] = ["Units", "Interleaving"],
        ["Entries"] = ["Units", "Interleaving", "Waiting", "Tracing"],
        ["Device"] = ["Units", "Interleaving"],
        ["Extents"] = ["Units", "Interleaving", "Device"],
        ["Mapping"] = ["Units", "Interleaving", "Waiting", "Entries", "Device", "Extents", "Tracing"],
        ["Writeback"] = ["Units", "Interleaving", "Entries", "Device", "Extents", "Mapping", "Tracing"],
        ["DataPath"] = ["Units", "Interleaving", "Entries", "Device", "Extents", "Mapping", "Invalidation", "Writeback", "Faults"],
        ["Invalidation"] = ["Units", "Interleaving", "Entries", "Device", "Extents", "Mapping", "Tracing"],
        ["Checking"] = ["Units", "Interleaving", "Waiting", "Entries", "Device", "Extents", "Mapping", "Faults", "Writeback", "Invalidation", "DataPath", "Files"],
        ["Faults"] = ["Units", "Interleaving", "Entries", "Device", "Extents", "Mapping", "Tracing", "Writeback"],
    };

    // The folder of the solution, above the one that the tests run in. A path compiled in would not do: reproducible builds have none.
    [Test]
    public void RoomsOfTheCoreUseOnlyWhatLiesBelowThem()
    {
        var wrong = new List<string>();
        foreach (string file in Solution.Sources("DaxEmu.Core"))
        {
            string room = Path.GetRelativePath(Path.Combine(Solution.Root, "DaxEmu.Core"), file).Split('/')[0];
            if (!MayUse.TryGetValue(room, out string[]? allowed))
            {
                continue;
            }

            wrong.AddRange(CoreUsing().Matches(File.ReadAllText(file))
                .Select(m => m.Groups[1].Value)
                .Where(used => used != room && !allowed.Contains(used))
                .Select(used => $"{Path.GetFileName(file)} in {room} uses {used}"));
        }

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void OnlyTheLayerOfAtomicsNamesInterlockedVolatileAndTheFutex() => Assert.That(
        Solution.Sources("DaxEmu.Core").Where(f => !f.EndsWith("Interleaving/Atomic.cs", StringComparison.Ordinal) && AtomicName().IsMatch(WithoutComments(f))),
        Is.Empty);

    [Test]
    public void OnlyNativeImportsFunctions() => Assert.That(
        Solution.Sources("DaxEmu.Core").Concat(Solution.Sources("DaxEmu.Bench")).Where(f => Import().IsMatch(WithoutComments(f))), Is.Empty);

    [Test]
    public void OnlyTheCommandWritesToTheConsole() => Assert.That(
        Solution.Sources("DaxEmu.Core").Concat(Solution.Sources("DaxEmu.Native")).Where(f => WithoutComments(f).Contains("Console.", StringComparison.Ordinal)), Is.Empty);

    private static string WithoutComments(string file) =>
        string.Join('\n', File.ReadLines(file).Where(l => !l.TrimStart().StartsWith("//", StringComparison.Ordinal)));

    [GeneratedRegex(@"^using DaxEmu\.Core\.(\w+)", RegexOptions.Multiline)]
    private static partial Regex CoreUsing();

    [GeneratedRegex(@"\b(Interlocked|Volatile|Futex)\.")]
    private static partial Regex AtomicName();

    [GeneratedRegex(@"\[(LibraryImport|DllImport)")]
    private static partial Regex Import();
}
