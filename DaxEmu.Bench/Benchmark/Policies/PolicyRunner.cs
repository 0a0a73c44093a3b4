using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Core;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Bench.Benchmark.Policies;

/// <summary>Measures the policies in turns: round by round each has its own, so that a noisy machine hits all alike.</summary>
internal sealed class PolicyRunner(PolicyPlan plan, Action<string, double> progress, CancellationToken cancellation)
{
    /// <summary>Measures; what was measured until then, if the user stops it.</summary>
    public IReadOnlyList<PolicyResult> Run() => [.. plan.JobCounts.SelectMany((jobs, i) => plan.Recording is { } recording ? Replay(recording, jobs, i) : Contend(jobs, i))];

    private List<PolicyResult> Contend(int jobCount, int caseNumber)
    {
        ContendedRanges[] scenarios = [.. PolicyPlan.Policies.Select(p => new ContendedRanges(plan, p.Value, cancellation))];
        using var team = new JobTeam(jobCount);
        try
        {
            return InTurns(jobCount, caseNumber, (policy, round) => scenarios[policy].Run(team, jobCount, round));
        }
        finally
        {
            Array.ForEach(scenarios, w => w.Dispose());
        }
    }

    private List<PolicyResult> Replay(TracePlan recording, int jobCount, int caseNumber) =>
        InTurns(jobCount, caseNumber, (policy, _) => Replay(recording, jobCount, PolicyPlan.Policies[policy].Value));

    private TurnResult Replay(TracePlan recording, int jobCount, WaitProfile profile)
    {
        WaitCounts before = WaitCounts.Now;
        TraceReplayReport report = TraceReplayer.Run(
            recording, jobCount, new TraceConditions(profile, extents => new SlowExtentMap(extents, plan.Hold, plan.HugeHold, cancellation)), cancellation);
        return new TurnResult(
            report.Elapsed, report.FaultCount, report.Emulator.PmdServed, report.Emulator.PmdFellBack, WaitCounts.Now - before, HugeLatencies: null);
    }

    // The first round warms up and does not count.
    private List<PolicyResult> InTurns(int jobCount, int caseNumber, Func<int, int, TurnResult> turn)
    {
        var turns = PolicyPlan.Policies.Select(_ => new List<TurnResult>()).ToArray();
        for (int round = 0; round <= plan.RoundCount && !cancellation.IsCancellationRequested; round++)
        {
            for (int policy = 0; policy < turns.Length; policy++)
            {
                string name = PolicyPlan.Policies[policy].Key;
                double done = (caseNumber + ((round + ((double)policy / turns.Length)) / (plan.RoundCount + 1))) / plan.JobCounts.Count;
                progress($"{name}, {jobCount} threads", done);
                TurnResult result = turn(policy, round);
                if (cancellation.IsCancellationRequested)
                {
                    break; // a turn that was cut short says nothing
                }

                if (round > 0)
                {
                    turns[policy].Add(result);
                }
            }
        }

        return [.. turns.Select((t, policy) => new PolicyResult(PolicyPlan.Policies[policy].Key, jobCount, t)).Where(r => r.Turns.Count > 0)];
    }
}
