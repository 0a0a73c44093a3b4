using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Tests.Mutation;

/// <summary>
/// Searches a scenario. This file is compiled twice: into the tests, and into each changed copy of the core, where it is the only way in.
/// </summary>
public static class Probe
{
    /// <summary>How many preemptions a search tries at the most.</summary>
    public const int Preemptions = 2;

    private static readonly RunLimits Limits = new(200_000, TimeSpan.FromSeconds(30));

    /// <summary>Searches every schedule of a scenario up to so many preemptions.</summary>
    /// <param name="scenario">Its name.</param>
    /// <param name="profile">The profile's name.</param>
    /// <param name="buffersStores">Whether stores may linger.</param>
    /// <param name="preemptions">The most preemptions.</param>
    /// <returns>How it failed, as text; null if every schedule was tried and none failed.</returns>
    public static string? Search(string scenario, string profile, bool buffersStores, int preemptions)
    {
        Scenario searched = SmallScenarios.Named(scenario, WaitProfiles.ByName(profile)) with
        {
            Model = buffersStores ? MemoryModel.TotalStoreOrder : MemoryModel.SequentiallyConsistent,
            StepLimit = 5_000,
        };
        return CheckRunner.Exhaust(searched, Limits, preemptions) switch
        {
            CheckFailed failed => $"{failed.Failure.Kind}: {string.Join("; ", failed.Trace)}",
            CheckPassed { Coverage: Coverage.UpToTheBound or Coverage.Everything } => null,
            CheckOutcome other => throw new InvalidOperationException($"the search of {scenario} did not end: {other}"),
        };
    }
}
