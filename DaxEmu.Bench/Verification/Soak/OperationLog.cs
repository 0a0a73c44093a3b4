using System.Diagnostics;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>The last operations of a thread: written by it, read by others when it has stopped or is quiescent.</summary>
internal sealed class OperationLog
{
    /// <summary>How many are kept.</summary>
    public const int Capacity = 8;

    private readonly OperationRecord[] records = new OperationRecord[Capacity];
    private long count;

    /// <summary>The one that runs, or ran last.</summary>
    public OperationRecord Last => Volatile.Read(ref count) == 0 ? default : records[(count - 1) % Capacity];

    /// <summary>An operation begins.</summary>
    public void Add(long step, SoakOperation operation, long page, long pageCount, int way)
    {
        records[count % Capacity] = new OperationRecord(step, operation, page, pageCount, way, Stopwatch.GetTimestamp());
        Volatile.Write(ref count, count + 1);
    }

    /// <summary>Those that are kept, the newest last.</summary>
    public IReadOnlyList<OperationRecord> Snapshot()
    {
        long end = Volatile.Read(ref count);
        var all = new List<OperationRecord>();
        for (long i = Math.Max(0, end - Capacity); i < end; i++)
        {
            all.Add(records[i % Capacity]);
        }

        return all;
    }
}
