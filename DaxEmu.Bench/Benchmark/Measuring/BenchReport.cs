using DaxEmu.Core;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>All figures of a run, and what is to be known of the machine that gave them.</summary>
internal sealed record BenchReport(BenchPlan Plan, IReadOnlyList<CaseResult> Results, IReadOnlyList<string> Notes)
{
    /// <summary>The engine that does the least.</summary>
    public const string Floor = "floor";

    /// <summary>Facts about the device.</summary>
    public required DeviceCapabilities Device { get; init; }

    /// <summary>The device's name.</summary>
    public required string DeviceName { get; init; }

    /// <summary>The medium of the run; null for this machine's memory.</summary>
    public MediaFacts? Media { get; init; }

    /// <summary>What a clock reading costs, in nanoseconds.</summary>
    public required double TimerCostNs { get; init; }

    /// <summary>CPUs that the process may use.</summary>
    public int CpuCount { get; } = Topology.AllowedCpuCount;

    /// <summary>The engines that others are compared with: two always, and others if they took part.</summary>
    public IReadOnlyList<string> Baselines => ["locked-radix", "kernel", .. Plan.Engines.Where(e => e is "copy" or EngineCatalog.Fio or "mmf" or "mmf-span")];

    /// <summary>How many times faster an engine is than another on the same case in this run; null without both figures.</summary>
    public double? Ratio(CaseResult result, string other)
    {
        CaseResult? baseline = Results.FirstOrDefault(r => r.Engine == other && r.Load == result.Load && r.Refusal is null);
        return baseline is null || result.Refusal is not null || baseline.Engine == result.Engine
            ? null
            : baseline.NsPerFault / result.NsPerFault;
    }

    /// <summary>How many times the floor's time an engine needs on the same case in this run; null without both figures.</summary>
    public double? DistanceToFloor(CaseResult result) => Ratio(result, Floor) is { } ratio ? 1 / ratio : null;

    /// <summary>How many times more faults a second several jobs serve than one does; null without both figures.</summary>
    public double? Scaling(CaseResult result) => OneJob(result) is { } one ? result.FaultsPerSecond / one.FaultsPerSecond : null;

    /// <summary>
    /// The same by the processor time that the jobs used, so that it counts also where they have to wait for processors. What jobs wait for each
    /// other asleep is not in it. Null also where the time was too short for the system's clock of processor time.
    /// </summary>
    public double? ScalingByCpuTime(CaseResult result) => result.CpuNsPerFault > 0 && OneJob(result) is { CpuNsPerFault: > 0 } one ? result.Load.JobCount * one.CpuNsPerFault / result.CpuNsPerFault : null;

    private CaseResult? OneJob(CaseResult result) => result.Refusal is not null || result.Load.JobCount == 1
        ? null
        : Results.FirstOrDefault(r => r.Engine == result.Engine && r.Load == result.Load with { JobCount = 1 } && r.Refusal is null);
}
