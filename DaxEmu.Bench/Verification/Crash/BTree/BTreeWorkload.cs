using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash.BTree;

/// <summary>A B-tree of some sizes under all sequences of up to three changes.</summary>
internal sealed class BTreeWorkload : ICrashWorkload
{
    private const int LongestSequence = 3;

    // Empty; a root that is a full leaf; two levels; three levels.
    private static readonly int[] FirstCounts = [0, 4, 9, 22];
    private static readonly string[] Operations = ["end", "between", "change", "remove", "batch"];

    public string Name => "btree";

    public string Description => "a copy-on-write B-tree: insert, change and removal of keys, a batch all or nothing";

    public IReadOnlyList<CrashBug> Bugs { get; } =
    [
        new("missing-flush", "new leaves are stored through a span and never flushed"),
        new("missing-fence", "no fence stands between the new nodes and the root that leads to them"),
        new("root-before-nodes", "the root is durable before the nodes that it leads to"),
        new("reused-early", "a replaced node is reused before the root that does without it is durable"),
        new("in-place-insert", "a leaf with a free place is changed in place"),
        new("count-before-root", "the count of keys is durable before the root"),
    ];

    public IReadOnlyList<PowerCutTest> Cases(CrashBug? bug, ulong seed)
    {
        BTreeBug flaw = bug is null ? BTreeBug.None : (BTreeBug)(Bugs.ToList().IndexOf(bug) + 1);
        return [.. from operations in Sequences.UpTo(Operations, LongestSequence) from first in FirstCounts select new Case(operations, first, flaw, seed).ToTest()];
    }

    private sealed class Case
    {
        private const ulong Spacing = 10;
        private const ulong Unused = 1_000_000;

        private readonly string[] operations;
        private readonly int firstCount;
        private readonly BTreeBug bug;
        private readonly (ulong Key, ulong Value)[][] changes;
        private readonly SortedDictionary<ulong, ulong>[] after;

        public Case(string[] operations, int firstCount, BTreeBug bug, ulong seed)
        {
            this.operations = operations;
            this.firstCount = firstCount;
            this.bug = bug;
            changes = new (ulong, ulong)[operations.Length][];
            after = new SortedDictionary<ulong, ulong>[operations.Length + 1];
            after[0] = [];
            for (int i = 1; i <= firstCount; i++)
            {
                after[0][(ulong)i * Spacing] = (ulong)i;
            }

            var random = new CaseRandom(seed, Name);
            for (int i = 0; i < operations.Length; i++)
            {
                after[i + 1] = new SortedDictionary<ulong, ulong>(after[i]);
                changes[i] = ChangesOf(operations[i], after[i], random);
                foreach ((ulong key, ulong value) in changes[i])
                {
                    if (value == 0)
                    {
                        after[i + 1].Remove(key);
                    }
                    else
                    {
                        after[i + 1][key] = value;
                    }
                }
            }
        }

        private string Name => string.Create(CultureInfo.InvariantCulture, $"btree.{firstCount}.{string.Join('-', operations)}");

        public PowerCutTest<PersistentBTree> ToTest() => new()
        {
            Name = Name,
            SetUp = Fill,
            Workload = Work,
            Recover = image => PersistentBTree.Open(image, bug),
            Verify = Verify,
            FirstStep = operations.Length,
        };

        private static (ulong Key, ulong Value)[] ChangesOf(string operation, SortedDictionary<ulong, ulong> before, CaseRandom random)
        {
            ulong last = before.Count == 0 ? 0 : before.Keys.Last();
            ulong any = before.Count == 0 ? Spacing : before.Keys.ElementAt((int)(random.Next() % (ulong)before.Count));
            return operation switch
            {
                "end" => [(last + Spacing, Value())],
                "between" => [(any - 1 - (random.Next() % (Spacing - 2)), Value())],
                "change" => [(any, Value())],
                "remove" => [(any, 0)],
                _ => [(any - 1, Value()), (last + Spacing, Value()), (any, 0)],
            };

            ulong Value() => random.Next() | 1;
        }

        private void Fill(PmemDevice device)
        {
            PersistentBTree.Format(device);
            var tree = PersistentBTree.Open(device);
            foreach ((ulong key, ulong value) in after[0])
            {
                tree.Apply((key, value));
            }
        }

        private void Work(PmemDevice device, CutProgress progress)
        {
            var tree = PersistentBTree.Open(device, bug);
            for (int i = 0; i < operations.Length; i++)
            {
                (ulong Key, ulong Value)[] change = changes[i];
                progress.Step(string.Join(", ", change.Select(c => c.Value == 0 ? $"remove {c.Key}" : $"put {c.Key}")), () => tree.Apply(change));
            }
        }

        private string? Verify(PersistentBTree tree, PowerCut cut)
        {
            bool isRight = false;
            for (int step = cut.AcknowledgedSteps; step <= cut.BegunSteps && !isRight; step++)
            {
                isRight = Has(tree, after[step]);
            }

            if (!isRight)
            {
                return string.Create(CultureInfo.InvariantCulture, $"the tree has {tree.Count} keys, and not what it had after step {cut.AcknowledgedSteps} or {cut.BegunSteps}");
            }

            // What is left must work: a key more is there, and after the next opening too.
            int count = tree.Count;
            tree.Apply((Unused, 1UL));
            PersistentBTree again = tree.Reopen();
            return again.Count == count + 1 && again.Get(Unused) == 1
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"{count} keys; after one more was put and the tree opened again, {again.Count}");
        }

        private static bool Has(PersistentBTree tree, SortedDictionary<ulong, ulong> expected)
        {
            if (tree.Count != expected.Count)
            {
                return false;
            }

            foreach ((ulong key, ulong value) in expected)
            {
                if (tree.Get(key) != value)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
