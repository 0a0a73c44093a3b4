using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash.HashStore;

/// <summary>A hash store under all sequences of up to four operations on two keys.</summary>
internal sealed class HashStoreWorkload : ICrashWorkload
{
    private const int LongestSequence = 4;
    private const ulong A = 1;
    private const ulong B = 2;
    private const ulong Other = 3;

    private static readonly IReadOnlyList<Operation> Operations =
    [
        new("put-a", A, 8),
        new("long-a", A, 80),
        new("put-b", B, 40),
        new("delete-a", A, 0),
        new("move-a-b", A, 0) { To = B },
    ];

    public string Name => "kv";

    public string Description => "a hash store: put, delete, and move of a key, each all or nothing";

    public IReadOnlyList<CrashBug> Bugs { get; } =
    [
        new("missing-flush", "the value is stored through a span, and only the entry's first line is flushed"),
        new("missing-fence", "a put flushes and does not drain"),
        new("head-before-body", "an entry's head is durable before its value, which the checksum does not cover"),
        new("old-freed-first", "a put frees the old entry before the new one is written"),
        new("move-deletes-first", "a move deletes the old key before the new one is there"),
        new("count-before-entry", "the count of keys is durable before the entry"),
        new("delete-without-fence", "a delete does not wait until older entries of its key are freed"),
    ];

    public IReadOnlyList<PowerCutTest> Cases(CrashBug? bug, ulong seed)
    {
        HashStoreBug flaw = bug is null ? HashStoreBug.None : (HashStoreBug)(Bugs.ToList().IndexOf(bug) + 1);
        return [.. Sequences.UpTo(Operations, LongestSequence).Select(s => new Case(s, flaw, seed).ToTest())];
    }

    private sealed record Operation(string Name, ulong Key, int Length)
    {
        public ulong To { get; init; }
    }

    private sealed class Case
    {
        private static readonly byte[] OtherValue = [1, 2, 3];

        private readonly Operation[] operations;
        private readonly HashStoreBug bug;
        private readonly byte[][] values;
        private readonly (byte[]? A, byte[]? B)[] after;

        public Case(Operation[] operations, HashStoreBug bug, ulong seed)
        {
            this.operations = operations;
            this.bug = bug;
            values = new byte[operations.Length][];
            after = new (byte[]?, byte[]?)[operations.Length + 1];
            var random = new CaseRandom(seed, Name);
            for (int i = 0; i < operations.Length; i++)
            {
                values[i] = random.Bytes(operations[i].Length);
                (byte[]? a, byte[]? b) = after[i];
                after[i + 1] = operations[i] switch
                {
                    { To: not 0 } => a is null ? (a, b) : (null, a),
                    { Length: 0 } => (null, b),
                    { Key: A } => (values[i], b),
                    _ => (a, values[i]),
                };
            }
        }

        private string Name => $"kv.{string.Join('.', operations.Select(o => o.Name))}";

        public PowerCutTest<PersistentHashStore> ToTest() => new()
        {
            Name = Name,
            SetUp = PersistentHashStore.Format,
            Workload = Work,
            Recover = image => PersistentHashStore.Open(image, bug),
            Verify = Verify,
            FirstStep = operations.Length,
        };

        private void Work(PmemDevice device, CutProgress progress)
        {
            var store = PersistentHashStore.Open(device, bug);
            for (int i = 0; i < operations.Length; i++)
            {
                Operation operation = operations[i];
                byte[] value = values[i];
                progress.Step(operation.Name, () =>
                {
                    if (operation.To != 0)
                    {
                        store.Move(operation.Key, operation.To);
                    }
                    else if (operation.Length == 0)
                    {
                        store.Delete(operation.Key);
                    }
                    else
                    {
                        store.Put(operation.Key, value);
                    }
                });
            }
        }

        private string? Verify(PersistentHashStore store, PowerCut cut)
        {
            ReadOnlySpan<byte> a = store.Get(A);
            ReadOnlySpan<byte> b = store.Get(B);
            bool isRight = false;
            for (int step = cut.AcknowledgedSteps; step <= cut.BegunSteps; step++)
            {
                isRight |= a.SequenceEqual(after[step].A) && b.SequenceEqual(after[step].B)
                    && store.Count == (after[step].A is null ? 0 : 1) + (after[step].B is null ? 0 : 1);
            }

            if (!isRight)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{store.Count} keys, a has {Describe(a)}, b has {Describe(b)}: not as after step {cut.AcknowledgedSteps} or {cut.BegunSteps}");
            }

            // What is left must work: a key more is there, and after the next opening too.
            int count = store.Count;
            store.Put(Other, OtherValue);
            PersistentHashStore again = store.Reopen();
            return again.Count == count + 1 && again.Get(Other).SequenceEqual(OtherValue)
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"{count} keys; after one more was put and the store opened again, {again.Count}");
        }

        private string Describe(ReadOnlySpan<byte> value)
        {
            for (int i = 0; i < values.Length; i++)
            {
                if (value.Length > 0 && value.SequenceEqual(values[i]))
                {
                    return string.Create(CultureInfo.InvariantCulture, $"the value of step {i + 1}");
                }
            }

            return value.Length == 0 ? "no value" : string.Create(CultureInfo.InvariantCulture, $"{value.Length} bytes that were never put");
        }
    }
}
