using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Checking;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>Scenarios of random steps on a few words, to compare what two searches of them come to.</summary>
internal sealed class RandomPrograms
{
    private const int SharedWordCount = 2;
    private const int WordCount = SharedWordCount + Choice.MaxThreads;

    private readonly Instruction[][] threads;

    /// <param name="seed">Of the programs.</param>
    /// <param name="threadCount">Threads.</param>
    /// <param name="length">Steps of each.</param>
    /// <param name="hasWordsOfItsOwn">Whether a third of the steps is on a word that no other thread uses.</param>
    public RandomPrograms(ulong seed, int threadCount, int length, bool hasWordsOfItsOwn = false)
    {
        SeededRandom random = new(seed);
        threads = new Instruction[threadCount][];
        for (int thread = 0; thread < threadCount; thread++)
        {
            threads[thread] = new Instruction[length];
            for (int i = 0; i < length; i++)
            {
                threads[thread][i] = new Instruction((Operation)random.Below(6), WordOf(thread, random.Below(SharedWordCount + (hasWordsOfItsOwn ? 1 : 0))), (ulong)((thread * 10) + i + 1));
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
    public (HashSet<string> Results, CheckOutcome Outcome) Search(
        IStrategy strategy, RunLimits limits, bool isOrderedBySteps = true, MemoryModel model = MemoryModel.TotalStoreOrder)
    {
        HashSet<string> results = [];
        using var memory = ReservedRegion.Reserve((long)WordCount * ThreadSlots.LineBytes);
        Scenario scenario = ToyScenarios.Of(
            "random-program", "plain", WordCount,
            w => [.. threads.Select((program, thread) => new ScenarioThread($"program {thread}", () => Run(w, program, thread)))],
            null,
            w => results.Add($"{string.Join(' ', w.Results)} | {w[0]} {w[1]}"),
            memory) with
        { IsOrderedBySteps = isOrderedBySteps, Model = model };
        return (results, CheckRunner.Check(scenario, strategy, limits));
    }

    public override string ToString() => string.Join(" || ", threads.Select(program => string.Join("; ", program)));

    private static int WordOf(int thread, int chosen) => chosen < SharedWordCount ? chosen : SharedWordCount + thread;

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
