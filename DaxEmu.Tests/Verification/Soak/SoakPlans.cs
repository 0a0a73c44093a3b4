using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Core;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>Soaks of the size of a test.</summary>
internal static class SoakPlans
{
    public static SoakPlan Small(double seconds = 2, WaitProfile? profile = null, int jobCount = 4) => new()
    {
        Duration = TimeSpan.FromSeconds(seconds),
        JobCount = jobCount,
        SizeBytes = SoakPlan.MinimumSizeBytes,
        Profile = profile ?? WaitProfiles.Fixed,
        Seed = 1,
        Watchdog = TimeSpan.FromSeconds(1.5),
        QuietInterval = TimeSpan.FromMilliseconds(250),
    };

    public static SoakReport Run(SoakPlan plan, Action<SoakFixture>? atEachLook = null, CancellationToken cancellation = default) =>
        new SoakRunner(plan, (_, _) => { }, cancellation) { AtEachLook = atEachLook }.Run();
}
