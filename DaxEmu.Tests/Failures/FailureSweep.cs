using System.Diagnostics;
using DaxEmu.Native.Failures;

namespace DaxEmu.Tests.Failures;

/// <summary>
/// Lets every step of every operation fail, one after the other and in every way, and looks whether the files have stayed whole.
/// </summary>
/// <remarks>
/// <para>Of an operation that fails, (a) nothing can be seen or all of it, (b) nothing is left locked or pinned, (c) no block is lost, (d) no
/// dirty mark is lost: what a loss of power would take, some entry says is dirty, and (e) what comes later works.</para>
/// <para>Two kinds of operations may stop halfway. Writes and copies are done page by page: what is done is a prefix, and the count says of how
/// many bytes, unless an exception goes through. And zeroing parts of pages is the last step of a change of layout, when nothing
/// can be taken back: zeroes that the storage does not take show all the same, and the next sync reports the error.</para>
/// <para>This file and those that it uses are compiled into the tests and into changed copies of the core: they use nothing else.</para>
/// </remarks>
public static class FailureSweep
{
    private const int MostProblems = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>The names of all operations.</summary>
    public static IReadOnlyList<string> Operations { get; } = [.. SweepOperations.All.Select(o => o.Name)];

    /// <summary>Lets each step of an operation fail.</summary>
    /// <param name="operationName">One of <see cref="Operations"/>.</param>
    /// <returns>What went wrong, in sentences.</returns>
    public static IReadOnlyList<string> Run(string operationName)
    {
        SweepOperation operation = SweepOperations.All.Single(o => o.Name == operationName);
        var sweep = new Sweep(operation);
        var thread = new Thread(sweep.Run) { IsBackground = true, Name = operationName };
        thread.Start();
        string? seen = null;
        var watch = Stopwatch.StartNew();
        while (!thread.Join(100))
        {
            if (sweep.Case != seen)
            {
                seen = sweep.Case;
                watch.Restart();
            }
            else if (watch.Elapsed > Patience)
            {
                return [.. sweep.Problems, $"{seen}: it hangs."];
            }
        }

        return sweep.Problems;
    }

    /// <summary>How many steps of each kind an operation takes that can be made to fail, in all settings.</summary>
    public static IReadOnlyDictionary<string, int> CountSteps(string operationName)
    {
        SweepOperation operation = SweepOperations.All.Single(o => o.Name == operationName);
        var sweep = new Sweep(operation);
        return sweep.CountSteps();
    }

    private static IEnumerable<SweepSetting> SettingsOf(SweepOperation operation) => SweepSetting.All.Take(operation.WithOlderKernel ? 3 : 2);

    private sealed class Sweep(SweepOperation operation)
    {
        private readonly List<string> problems = [];
        private SweepDevice? device;
        private volatile string name = operation.Name;

        public string Case => name;

        public IReadOnlyList<string> Problems => problems;

        public void Run()
        {
            foreach (SweepSetting setting in SettingsOf(operation))
            {
                if (Try(setting, null, 0, FailureWay.Answer, out _) is not { } models)
                {
                    continue;
                }

                foreach (FailureWay way in Enum.GetValues<FailureWay>().Where(w => w != FailureWay.Cancel || operation.TakesToken))
                {
                    bool hasFailed = true;
                    for (int step = 1; hasFailed && problems.Count < MostProblems; step++)
                    {
                        _ = Try(setting, models, step, way, out hasFailed);
                    }
                }
            }

            device?.Dispose();
        }

        public Dictionary<string, int> CountSteps()
        {
            var counts = new Dictionary<string, int>();
            foreach (SweepSetting setting in SettingsOf(operation))
            {
                device ??= new SweepDevice();
                var scenario = new SweepFixture(device, setting, operation.IsLarge);
                operation.Prepare?.Invoke(scenario);
                var plan = new CountingPlan(counts, () => scenario.Pin?.Dispose());
                Fallible.Plan = plan;
                try
                {
                    operation.Act(scenario);
                }
                finally
                {
                    Fallible.Plan = null;
                }

                device = null;
            }

            return counts;
        }

        // One scenario. Without models it makes them: what can be seen before, and after each prefix that may be done.
        private IReadOnlyList<SweepModel>? Try(
            SweepSetting setting, IReadOnlyList<SweepModel>? models, int step, FailureWay way, out bool hasFailed)
        {
            name = $"{operation.Name} ({setting}), {(step == 0 ? "no failure" : $"step {step}, {way}")}";
            device ??= new SweepDevice();
            var plan = new FailurePlan(step, way);
            string? problem;
            try
            {
                var scenario = new SweepFixture(device, setting, operation.IsLarge);
                operation.Prepare?.Invoke(scenario);
                models ??= ModelsFrom(SweepChecks.Capture(scenario));
                problem = new Trial(operation, scenario, models, plan).Run() ?? (plan.Failed is FallibleStep.NativeMemory ? CloseDevice() : null);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                problem = $"outside of the operation: {e}";
            }
            finally
            {
                Fallible.Plan = null;
            }

            hasFailed = plan.Failed is not null;
            if (problem is not null)
            {
                problems.Add($"{name} ({plan.Failed}): {problem}.");
                device = null; // it may have things on it that nobody can close
                return step == 0 ? null : models;
            }

            return models;
        }

        // At once, for the collector gives back what was only forgotten.
        private string? CloseDevice()
        {
            SweepDevice closed = device!;
            device = null;
            closed.Dispose();
            return closed.Device.IsGone ? null : "all files and the device are closed, and something keeps its memory mapped";
        }

        private List<SweepModel> ModelsFrom(SweepModel before)
        {
            var models = new List<SweepModel> { before };
            foreach (long done in operation.Stops.Append(operation.LengthBytes))
            {
                SweepModel after = before.Clone();
                operation.After(after, done);
                models.Add(after);
            }

            return models;
        }
    }

    private sealed class CountingPlan(Dictionary<string, int> counts, Action endWait) : IFailurePlan
    {
        public bool Fails(FallibleStep step)
        {
            string kind = step.ToString();
            counts[kind] = counts.GetValueOrDefault(kind) + 1;
            if (step == FallibleStep.Wait)
            {
                Fallible.Plan = null;
                endWait();
                Fallible.Plan = this;
            }

            return false;
        }
    }
}
