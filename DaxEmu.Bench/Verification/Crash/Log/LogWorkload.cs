using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash.Log;

/// <summary>An append log under all sequences of up to four operations.</summary>
internal sealed class LogWorkload : ICrashWorkload
{
    private const int LongestSequence = 4;

    private static readonly IReadOnlyList<Operation> Operations =
    [
        new("short", [24]),
        new("middle", [100]),
        new("long", [170]),
        new("batch", [40, 8, 72]),
        new("around", [72]) { GoesAroundTheCaches = true },
        new("reset", []),
    ];

    public string Name => "log";

    public string Description => "a log: append of one or several records, around the caches or not, and reset";

    public IReadOnlyList<CrashBug> Bugs { get; } =
    [
        new("missing-flush", "the payload is stored through a span, and only the header's line is flushed"),
        new("missing-fence", "an append flushes and does not drain"),
        new("header-before-data", "the header is durable before the payload, which its checksum does not cover"),
        new("count-before-record", "the count of records is durable before the record"),
        new("read-past-end", "recovery reads on into records from before a reset"),
    ];

    public IReadOnlyList<PowerCutTest> Cases(CrashBug? bug, ulong seed)
    {
        LogBug flaw = bug is null ? LogBug.None : (LogBug)(Bugs.ToList().IndexOf(bug) + 1);
        return [.. Sequences.UpTo(Operations, LongestSequence).Select(s => new LogCase(s, flaw, seed).ToTest())];
    }

    private sealed record Operation(string Name, IReadOnlyList<int> Lengths)
    {
        public bool GoesAroundTheCaches { get; init; }

        public bool IsReset => Lengths.Count == 0;
    }

    private sealed class LogCase
    {
        private static readonly byte[][] Another = [[1, 2, 3]];

        private readonly Operation[] operations;
        private readonly LogBug bug;
        private readonly byte[][][] appended;
        private readonly byte[][][] after;

        public LogCase(Operation[] operations, LogBug bug, ulong seed)
        {
            this.operations = operations;
            this.bug = bug;
            appended = new byte[operations.Length][][];
            after = new byte[operations.Length + 1][][];
            after[0] = [];
            var random = new CaseRandom(seed, Name);
            for (int i = 0; i < operations.Length; i++)
            {
                appended[i] = [.. operations[i].Lengths.Select(length => random.Bytes(length))];
                after[i + 1] = operations[i].IsReset ? [] : [.. after[i], .. appended[i]];
            }
        }

        private string Name => $"log.{string.Join('-', operations.Select(o => o.Name))}";

        public PowerCutTest<AppendLog> ToTest() => new()
        {
            Name = Name,
            SetUp = AppendLog.Format,
            Workload = Work,
            Recover = image => AppendLog.Open(image, bug),
            Verify = Verify,
            FirstStep = operations.Length,
        };

        private void Work(PmemDevice device, CutProgress progress)
        {
            var log = AppendLog.Open(device, bug);
            for (int i = 0; i < operations.Length; i++)
            {
                progress.Begin(operations[i].IsReset ? "reset" : $"append {string.Join(", ", operations[i].Lengths)} bytes");
                if (operations[i].IsReset)
                {
                    log.Reset();
                }
                else
                {
                    log.Append(appended[i], operations[i].GoesAroundTheCaches);
                }

                progress.Acknowledge();
            }
        }

        private string? Verify(AppendLog log, PowerCut cut)
        {
            byte[][] promised = after[cut.AcknowledgedSteps];
            byte[][] most = after[cut.BegunSteps];
            bool mayBeReset = cut.BegunSteps > cut.AcknowledgedSteps && operations[cut.AcknowledgedSteps].IsReset;
            if (mayBeReset && log.Count == 0)
            {
                return UseAgain(log);
            }

            byte[][] expected = mayBeReset ? promised : most;
            if (log.Count < promised.Length || log.Count > expected.Length)
            {
                return $"{log.Count} records, not {promised.Length} to {expected.Length}";
            }

            for (int i = 0; i < log.Count; i++)
            {
                if (!log.Record(i).SequenceEqual(expected[i]))
                {
                    return $"record {i + 1} of {log.Count} has other bytes than were appended";
                }
            }

            return UseAgain(log);
        }

        // What is left must work: a record more is there, once.
        private static string? UseAgain(AppendLog log)
        {
            int count = log.Count;
            log.Append(Another);
            AppendLog again = log.Reopen();
            return again.Count == count + 1 && again.Record(count).SequenceEqual(Another[0])
                ? null
                : $"{count} records; after one more was appended and the log opened again, {again.Count}";
        }
    }
}
