using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using DaxEmu.Core.Interleaving;

namespace DaxEmu.Tests.Worlds;

/// <summary>Worlds of random steps on a few words, to compare what two searches of them come to.</summary>
internal sealed class RandomPrograms
{
    private const int WordCount = 3;

    private readonly Instruction[][] threads;

    public RandomPrograms(ulong seed, int threadCount, int length)
    {
        SeededRandom random = new(seed);
        threads = new Instruction[threadCount][];
        for (int thread = 0; thread < threadCount; thread++)
        {
            threads[thread] = new Instruction[length];
            for (int i = 0; i < length; i++)
            {
                threads[thread][i] = new Instruction((Operation)random.Below(6), random.Below(2), (ulong)((thread * 10) + i + 1));
            }
        }
    }

    private enum Operation
    {
        Load,
        LoadAgain,
        Store,
        StoreAgain,
        CompareExchange,
        Barrier,
    }

    /// <summary>Every result that a search comes to: what each thread read, and what memory held in the end.</summary>
    public (HashSet<string> Results, CheckOutcome Outcome) Search(IStrategy strategy, RunLimits limits, bool isOrderedBySteps = true)
    {
        HashSet<string> results = [];
        World world = ToyWorlds.Of(
            "random-program", "plain", WordCount,
            w => [.. threads.Select((program, thread) => new WorldThread($"program {thread}", () => Run(w, program, thread)))],
            null,
            w => results.Add($"{string.Join(' ', w.Results)} | {w[0]} {w[1]}")) with
        { IsOrderedBySteps = isOrderedBySteps };
        return (results, CheckRunner.Check(world, strategy, limits));
    }

    public override string ToString() => string.Join(" || ", threads.Select(program => string.Join("; ", program)));

    private static void Run(ToyWords w, Instruction[] program, int thread)
    {
        foreach (Instruction step in program)
        {
            switch (step.Operation)
            {
                case Operation.Load or Operation.LoadAgain:
                    w.Results[thread] = (w.Results[thread] * 100) + w[step.Word];
                    break;
                case Operation.Store or Operation.StoreAgain:
                    w[step.Word] = step.Value;
                    break;
                case Operation.CompareExchange:
                    w.Results[thread] = (w.Results[thread] * 100) + Atomic.CompareExchange(ref w.Ref(step.Word), step.Value, 0, Site.Other);
                    break;
                default:
                    Atomic.ProcessWideBarrier(Site.Other);
                    break;
            }
        }
    }

    private sealed record Instruction(Operation Operation, int Word, ulong Value)
    {
        public override string ToString() => $"{Operation} w{Word} {Value}";
    }
}
