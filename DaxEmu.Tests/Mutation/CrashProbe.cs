using DaxEmu.Bench.Verification.Crash.Volume;
using DaxEmu.Core.Checking;

namespace DaxEmu.Tests.Mutation;

/// <summary>Cuts the power of the volume's cases in a copy of the core.</summary>
internal static class CrashProbe
{
    /// <summary>Explores the cases of some names.</summary>
    /// <returns>How the first failed; null if none did.</returns>
    public static string? Search(string[] names)
    {
        PowerCutTest[] cases = [.. new VolumeWorkload().Cases(null, seed: 1).Where(c => names.Contains(c.Name))];
        if (cases.Length != names.Length)
        {
            throw new InvalidOperationException($"There are {cases.Length} of the {names.Length} cases {string.Join(", ", names)}.");
        }

        PowerCutReport report = PowerCutRunner.Explore(cases, new PowerCutOptions { WorkerCount = 1 });
        return report.Failures.Count > 0 ? report.Failures[0].ToString() : null;
    }
}
