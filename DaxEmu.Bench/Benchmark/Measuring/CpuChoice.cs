namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>The CPUs that jobs may run on.</summary>
/// <param name="Cpus">Their numbers.</param>
/// <param name="IsShared">Whether each job may use all of them, or has one for itself where there are enough.</param>
internal sealed record CpuChoice(IReadOnlyList<int> Cpus, bool IsShared);
