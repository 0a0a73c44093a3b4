using System.Diagnostics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using NUnit.Framework;

namespace DaxEmu.Tests.Worlds;

[Explicit]
public sealed class ToyCounts
{
    [Test]
    public void Speed()
    {
        for (int round = 0; round < 2; round++)
        {
        foreach ((string name, World world, IStrategy strategy) in new (string, World, IStrategy)[]
        {
            ("kept b20", ToyWorlds.KeptWakeUp, new Exhaustive(20)),
            ("counter2x3 b3", ToyWorlds.Counter(2, 3), new Exhaustive(3)),
            ("counter2x3 b3 nomem", ToyWorlds.Counter(2, 3), new Exhaustive(3, false)),
            ("counter2x3 b3 sc", ToyWorlds.Counter(2, 3) with { Model = MemoryModel.SequentiallyConsistent }, new Exhaustive(3)),
            ("counter3x2 b2", ToyWorlds.Counter(3, 2), new Exhaustive(2)),
            ("counter3x2 b3", ToyWorlds.Counter(3, 2), new Exhaustive(3)),
            ("counter3x2 walk", ToyWorlds.Counter(3, 2), new RandomWalk(1)),
            ("counter3x2 pct", ToyWorlds.Counter(3, 2), new Pct(3, 1)),
        })
        {
            long start = Stopwatch.GetTimestamp();
            CheckOutcome outcome = CheckRunner.Check(world, strategy, new RunLimits(50000, TimeSpan.FromSeconds(5)));
            double s = Stopwatch.GetElapsedTime(start).TotalSeconds;
            TestContext.Out.WriteLine($"{name}: {outcome.Effort.ScheduleCount} schedules {outcome.Effort.PrunedCount} pruned {outcome.Effort.StepCount} steps {s:f2} s {outcome.Effort.ScheduleCount / s:f0}/s {(outcome as CheckPassed)?.Coverage}");
        }
        }
    }
}
