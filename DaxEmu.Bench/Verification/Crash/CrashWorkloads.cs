using DaxEmu.Bench.Verification.Crash.BTree;
using DaxEmu.Bench.Verification.Crash.HashStore;
using DaxEmu.Bench.Verification.Crash.Log;
using DaxEmu.Bench.Verification.Crash.Volume;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>The workloads that there are.</summary>
internal static class CrashWorkloads
{
    /// <summary>All of them, as --list prints them.</summary>
    public static IReadOnlyList<ICrashWorkload> All { get; } = [new LogWorkload(), new HashStoreWorkload(), new BTreeWorkload(), new VolumeWorkload()];

    /// <summary>The workload of a name.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static ICrashWorkload ByName(string name) => All.FirstOrDefault(w => w.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"'{name}' is not a workload. Choose one of: {string.Join(", ", All.Select(w => w.Name))}.");

    /// <summary>The bug of a name.</summary>
    /// <exception cref="FormatException">The workload has no such bug.</exception>
    public static CrashBug BugOf(ICrashWorkload workload, string name) => workload.Bugs.FirstOrDefault(b => b.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"'{name}' is not a bug of {workload.Name}. Choose one of: {string.Join(", ", workload.Bugs.Select(b => b.Name))}.");
}
