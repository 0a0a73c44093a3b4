namespace DaxEmu.Bench.Verification.Crash;

/// <summary>A bug that a workload has on demand.</summary>
/// <param name="Name">What --bug calls it.</param>
/// <param name="Description">What is wrong, in a line.</param>
internal sealed record CrashBug(string Name, string Description);
