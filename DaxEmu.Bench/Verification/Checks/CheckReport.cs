using System.Globalization;
using DaxEmu.Bench.Documents;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Checks;

/// <summary>What a check came to.</summary>
internal sealed class CheckReport
{
    private readonly CheckPlan plan;
    private readonly int scenarioCount;
    private readonly IReadOnlyList<CheckOutcome> outcomes;

    /// <param name="plan">What was to be checked.</param>
    /// <param name="scenarioCount">How many scenarios that is.</param>
    /// <param name="outcomes">The outcomes of the first scenarios, up to the first that failed.</param>
    public CheckReport(CheckPlan plan, int scenarioCount, IReadOnlyList<CheckOutcome> outcomes)
    {
        this.plan = plan;
        this.scenarioCount = scenarioCount;
        this.outcomes = outcomes;
        Failed = outcomes.OfType<CheckFailed>().FirstOrDefault();
    }

    /// <summary>The scenario that failed; null if none did.</summary>
    public CheckFailed? Failed { get; }

    /// <summary>What became of the control; null if it was not searched.</summary>
    public CheckOutcome? Control { get; init; }

    /// <summary>Whether the user stopped it.</summary>
    public bool IsCancelled { get; init; }

    /// <summary>How many scenarios all shards have together.</summary>
    public int ScenarioCountOfAllShards { get; init; }

    /// <summary>How long it took, the control included.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Whether nothing failed, nothing was cut off, and the control failed.</summary>
    public bool IsPass => Failed is null && !IsCancelled && CutOffCount == 0 && outcomes.Count == scenarioCount && Control is CheckFailed;

    private int CutOffCount => outcomes.Count(o => o is CheckPassed { Coverage: Coverage.CutOff } or CheckInconclusive);

    private int WholeCount => outcomes.Count(o => o is CheckPassed { Coverage: Coverage.Everything });

    private long ScheduleCount => outcomes.Sum(o => o.Effort.ScheduleCount);

    private long StepCount => outcomes.Sum(o => o.Effort.StepCount);

    private long PrunedCount => outcomes.Sum(o => o.Effort.PrunedCount);

    private int? Bound => plan.Strategy == SearchStrategy.Exhaustive ? plan.Preemptions : null;

    /// <summary>For people.</summary>
    public string ToText()
    {
        string bound = Bound is { } most ? string.Create(CultureInfo.InvariantCulture, $" up to {most} preemptions") : string.Empty;
        string effort = string.Create(
            CultureInfo.InvariantCulture,
            $"{outcomes.Count} of {scenarioCount} scenarios, {ScheduleCount} schedules, {StepCount} atomic steps, {PrunedCount} pruned, {Elapsed.TotalSeconds:0.0} s, {Name(plan.Strategy)}{bound}");
        string name = plan.Profile.Name + (plan.Shard.IsWhole ? string.Empty : $", shard {plan.Shard}");
        if (Failed is { } failed)
        {
            return $"FAIL {name}: {failed.Failure.Kind} in scenario {failed.Effort.Scenario}, {failed.ThreadCount} threads, {failed.EventCount} steps ({failed.StepCount} atomic ones)\n"
                + string.Join('\n', failed.Trace.Select(l => "  " + l)) + $"\nagain: daxemu check --replay {failed.Schedule}\n{effort}.";
        }

        return IsPass
            ? $"PASS {name}: {effort}. {WholeCount} scenarios were seen whole, whatever the preemptions. The control, the hang of 2019, was found by the same search."
            : IsCancelled ? $"STOPPED {name}: {effort}. Nothing was found until then."
            : CutOffCount > 0 ? $"INCONCLUSIVE {name}: {CutOffCount} scenarios were cut off by --max-schedules. {effort}."
            : $"INCONCLUSIVE {name}: the control, the hang of 2019, was not found by the same search. {effort}.";
    }

    /// <summary>For programs.</summary>
    public CheckDocument ToDocument() => new()
    {
        Profile = plan.Profile.Name,
        Strategy = Name(plan.Strategy),
        PreemptionBound = Bound,
        ScenarioSizes = plan.Scenario is null ? string.Join(',', plan.Sizes) : null,
        Seed = plan.Strategy == SearchStrategy.Exhaustive ? null : (long)plan.Seed,
        MaxSchedules = plan.MostSchedules == long.MaxValue ? null : plan.MostSchedules,
        Shard = ShardDocument.Of(plan.Shard),
        Outcome = Failed is not null ? "fail" : IsPass ? "pass" : IsCancelled ? "stopped" : "inconclusive",
        Scenarios = scenarioCount,
        ScenariosInAll = plan.Shard.IsWhole ? null : ScenarioCountOfAllShards,
        ScenariosChecked = outcomes.Count,
        ScenariosCutOff = CutOffCount,
        ScenariosSeenWhole = WholeCount,
        Schedules = ScheduleCount,
        AtomicSteps = StepCount,
        Pruned = PrunedCount,
        Seconds = Math.Round(Elapsed.TotalSeconds, 2),
        ControlFound = Control is null ? null : Control is CheckFailed,
        Failure = Failed?.Failure.Kind.ToString(),
        Scenario = Failed?.Effort.Scenario,
        Trace = Failed?.Trace ?? [],
        Schedule = Failed?.Schedule.ToString(),
    };

    private static string Name(SearchStrategy strategy) => strategy.ToString().ToLowerInvariant();
}
