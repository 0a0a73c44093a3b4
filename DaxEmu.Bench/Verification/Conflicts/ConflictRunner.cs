using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>Runs pairs of operations and records which cache lines they share.</summary>
internal sealed class ConflictRunner(IConflictEngine engine, ConflictThreads threads)
{
    /// <summary>Every pair that commutes, of every relation, or of those that are chosen.</summary>
    /// <param name="chosen">Which pairs; null for all.</param>
    /// <param name="progress">Told what comes next.</param>
    /// <param name="cancellation">Ends it.</param>
    public IReadOnlyList<ConflictPair> Run(Func<ConflictRelation, ConflictOperation, ConflictOperation, bool>? chosen, Action<string, double> progress, CancellationToken cancellation)
    {
        IReadOnlyList<ConflictOperation> operations = engine.Operations;
        (ConflictRelation Relation, ConflictOperation One, ConflictOperation Other)[] plan =
        [
            .. from relation in ConflictRelation.All
               from i in Enumerable.Range(0, operations.Count)
               from j in Enumerable.Range(i, operations.Count - i)
               where relation.Holds(operations[i], operations[j]) && chosen?.Invoke(relation, operations[i], operations[j]) != false
               select (relation, operations[i], operations[j]),
        ];
        var pairs = new List<ConflictPair>();
        foreach ((ConflictRelation relation, ConflictOperation one, ConflictOperation other) in plan)
        {
            cancellation.ThrowIfCancellationRequested();
            progress($"{engine.Name}, {relation.Name}: {one.Name} / {other.Name}", (double)pairs.Count / plan.Length);
            pairs.Add(RunPair(relation, one, other));
        }

        return pairs;
    }

    // Both orders, each from a state of its own. The lines of the one order are those of the other, but where the one leaves the other less to do.
    private ConflictPair RunPair(ConflictRelation relation, ConflictOperation one, ConflictOperation other)
    {
        Outcome forth = RunOnce(relation, one, other, isReversed: false);
        Outcome back = RunOnce(relation, one, other, isReversed: true);
        SharedLine[] lines =
        [
            .. forth.Lines.Concat(back.Lines).GroupBy(line => line.ToString()).Select(same => same.First()).OrderBy(line => line.ToString(), StringComparer.Ordinal),
        ];
        string? difference = !relation.IsCounted || forth.Seen == back.Seen ? null : $"{forth.Seen}\nagainst\n{back.Seen}";
        return new ConflictPair(relation, one, other, lines, difference);
    }

    private Outcome RunOnce(ConflictRelation relation, ConflictOperation one, ConflictOperation other, bool isReversed)
    {
        using IConflictState state = engine.Begin();
        (ConflictOperation Operation, ConflictPlace Place)[] sides = [(one, ConflictRelation.First), (other, relation.Second)];
        foreach ((ConflictOperation operation, ConflictPlace place) in sides)
        {
            operation.Prepare(state, place.WarmUp);
            operation.Prepare(state, place);
        }

        var results = new string[sides.Length];
        var recorders = new LineRecorder[sides.Length];
        for (int side = 0; side < sides.Length; side++)
        {
            (ConflictOperation operation, ConflictPlace place) = sides[side];
            recorders[side] = new LineRecorder(ConflictThreads.Count, threads.FirstSlot);

            // Recorded as well, and forgotten: some steps ask the clock where no thread is recorded.
            var warmUp = new LineRecorder(ConflictThreads.Count, threads.FirstSlot);
            threads.Run(side, () => warmUp.Record(() => operation.Run(state, place.WarmUp)));
        }

        var names = new LineNames();
        state.NameLines(names);
        foreach (int side in isReversed ? new[] { 1, 0 } : [0, 1])
        {
            (ConflictOperation operation, ConflictPlace place) = sides[side];
            threads.Run(side, () => recorders[side].Record(() => results[side] = operation.Run(state, place)));
        }

        return new Outcome(LineRecorder.Between(recorders[0], recorders[1], names), $"{results[0]}; {results[1]}; {state.Digest()}");
    }

    private sealed record Outcome(IReadOnlyList<SharedLine> Lines, string Seen);
}
