using System.Text;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Cases of <c>check --replay</c>: schedules of real runs, changed part by part.</summary>
internal static class ScheduleInput
{
    private static readonly string[] Scenarios = [.. SmallScenarios.Names];
    private static readonly string[] OddWorlds = ["empty--", "empty--pte0-pte1--pmd", "--", "realpte--x", "EMPTY--pmd", "7--pmd", "-1--pmd"];
    private static readonly string[] RunLengths = ["0", "1", "2", "9", "100", "999999", "1000000", "1000001", "99999999999", "007"];
    private static readonly Dictionary<(string Scenario, string Profile, ulong Seed), string> Known = [];

    public static FuzzInput Make(FuzzRandom random)
    {
        string schedule = Real(random);
        if (!random.OneIn(20))
        {
            for (int i = random.Geometric(1, 8); i > 0; i--)
            {
                schedule = random.OneIn(5) ? Plain(Latin1.Text(ByteMutator.Mutate(Encoding.UTF8.GetBytes(schedule), random))) : Mutate(schedule, random);
            }
        }

        List<string> arguments = ["check", random.OneIn(4) ? "--replay=" + schedule : "--replay"];
        if (arguments[1] == "--replay")
        {
            arguments.Add(schedule);
        }

        if (random.OneIn(4))
        {
            arguments.Add("--steps");
        }

        if (random.OneIn(3))
        {
            arguments.Add("--output-format=json");
        }

        if (random.OneIn(12))
        {
            arguments.AddRange(["--profile", random.Pick(WaitProfiles.All).Name]);
        }

        return random.OneIn(20)
            ? new FuzzInput(["replay", "s.txt"], [("s.txt", Encoding.UTF8.GetBytes(schedule + (random.OneIn(2) ? "\n" : string.Empty)))])
            : new FuzzInput(arguments, []);
    }

    // The schedule of a run at random, of a scenario or of a generated scenario.
    private static string Real(FuzzRandom random)
    {
        WaitProfile profile = random.Pick(WaitProfiles.All);
        ulong seed = (ulong)random.Below(4);
        string? name = random.OneIn(4) ? null : random.Pick(Scenarios);
        Scenario scenario = name is null ? LockScenarios.Sample(profile, random.Between(1, 4), random.Between(1, 2), 1, seed).First() : SmallScenarios.Named(name, profile);
        if (random.OneIn(2))
        {
            scenario = scenario with { Model = MemoryModel.SequentiallyConsistent };
        }

        if (Known.TryGetValue((scenario.Name + scenario.Model, scenario.Profile, seed), out string? known))
        {
            return known;
        }

        string text = ScheduleOf(scenario, seed);
        Known[(scenario.Name + scenario.Model, scenario.Profile, seed)] = text;
        return text;
    }

    private static string ScheduleOf(Scenario scenario, ulong seed)
    {
        try
        {
            using ControlledScheduler scheduler = new(scenario);
            return scheduler.Run(new RandomWalk(seed), RunLimits.One).Schedule.ToString();
        }
        catch (ScenarioViolationException)
        {
            return $"dax1:{scenario.Name}:{scenario.Profile}:sc:ab"; // some profiles cannot even prepare some scenarios
        }
    }

    private static string Mutate(string schedule, FuzzRandom random)
    {
        string[] parts = schedule.Split(':');
        int at = random.Below(parts.Length);
        switch (random.Below(9))
        {
            case 0:
                parts[at] = string.Empty;
                break;
            case 1:
                return string.Join(':', parts.Where((_, i) => i != at));
            case 2:
                return schedule + ":" + parts[at];
            case 3:
                parts[at] = at switch
                {
                    1 => random.OneIn(2) ? random.Pick(Scenarios) : random.Pick([.. OddWorlds, "empty" + string.Concat(Enumerable.Repeat("--pmd", random.Between(1, 40)))]),
                    2 => random.Pick(WaitProfiles.All).Name,
                    3 => random.Pick((string[])["tso", "sc", "TSO", "x"]),
                    _ => random.Pick(Boundary.Numbers),
                };
                break;
            case 4:
                return schedule.Insert(random.Below(schedule.Length + 1), random.Pick(Boundary.OddText[1..]));
            case 5 when parts.Length > 5:
                parts[5] = string.Join('.', Enumerable.Repeat(random.Pick(Boundary.Numbers), random.Geometric(1, 256)));
                break;
            default:
                int steps = Math.Min(4, parts.Length - 1);
                parts[steps] = MutateSteps(parts[steps], random);
                break;
        }

        return string.Join(':', parts);
    }

    private static string MutateSteps(string steps, FuzzRandom random)
    {
        int at = random.Below(steps.Length + 1);
        char thread = (char)((random.OneIn(4) ? 'A' : 'a') + random.Below(random.OneIn(10) ? 26 : 8));
        string run = thread + (random.OneIn(2) ? string.Empty : random.Pick(RunLengths));
        return random.Below(4) switch
        {
            0 => steps.Insert(at, run),
            1 => steps[..at],
            2 => steps.Insert(at, string.Concat(Enumerable.Repeat(run, random.Geometric(1, 2048)))),
            _ => steps.Length == 0 ? run : steps.Remove(Math.Min(at, steps.Length - 1), 1),
        };
    }

    // An argument of a process has no zero byte.
    private static string Plain(string text) => text.Replace("\0", string.Empty, StringComparison.Ordinal);
}
