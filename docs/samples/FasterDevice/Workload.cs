using System.Diagnostics;
using FASTER.core;

namespace Samples.FasterDevice;

/// <summary>
/// FASTER's own work on a device: upserts of more records than its memory holds, reads of all of them in another order, a checkpoint, and in a
/// new store the recovery from it, after which every value is looked at.
/// </summary>
internal static class Workload
{
    // A prime: times a number that it does not divide, every key comes once.
    private const long Stride = 7919;
    private const int PageBytes = 1 << 16;
    private const int MemoryBytes = 1 << 20;
    private const int SegmentBytes = 1 << 22;

    /// <summary>What one run took, in nanoseconds a record.</summary>
    public readonly record struct Figures(double Upsert, double Read, double Checkpoint, double Recover);

    public static Figures Run(long recordCount, Func<IDevice> openLog, Func<ICheckpointManager> openCheckpoints)
    {
        Guid token;
        double upsert, read, checkpoint, recover;
        using (IDevice log = openLog())
        using (ICheckpointManager checkpoints = openCheckpoints())
        using (FasterKV<long, long> store = Store(log, checkpoints))
        {
            upsert = Time(recordCount, () => Upsert(store, recordCount));
            read = Time(recordCount, () => Verify(store, recordCount));
            Guid taken = default;
            checkpoint = Time(recordCount, () => taken = Checkpoint(store));
            token = taken;
        }

        using (IDevice log = openLog())
        using (ICheckpointManager checkpoints = openCheckpoints())
        using (FasterKV<long, long> store = Store(log, checkpoints))
        {
            recover = Time(recordCount, () => store.Recover(token));
            Verify(store, recordCount);
        }

        return new Figures(upsert, read, checkpoint, recover);
    }

    private static FasterKV<long, long> Store(IDevice log, ICheckpointManager checkpoints) => new(new FasterKVSettings<long, long>
    {
        IndexSize = 1 << 20,
        LogDevice = log,
        PageSize = PageBytes,
        MemorySize = MemoryBytes,
        SegmentSize = SegmentBytes,
        CheckpointManager = checkpoints,
    });

    private static long ValueOf(long key) => (key * 31) + 7;

    private static void Upsert(FasterKV<long, long> store, long recordCount)
    {
        using ClientSession<long, long, long, long, Empty, IFunctions<long, long, long, long, Empty>> session =
            store.NewSession(new SimpleFunctions<long, long>());
        for (long key = 0; key < recordCount; key++)
        {
            session.Upsert(key, ValueOf(key));
        }

        session.CompletePending(wait: true);
    }

    private static void Verify(FasterKV<long, long> store, long recordCount)
    {
        const int Batch = 256;
        using ClientSession<long, long, long, long, Empty, IFunctions<long, long, long, long, Empty>> session =
            store.NewSession(new SimpleFunctions<long, long>());
        long seen = 0;
        for (long i = 0; i < recordCount; i++)
        {
            long key = i * Stride % recordCount;
            (Status status, long value) = session.Read(key);
            if (!status.IsPending)
            {
                Check(key, status, value);
                seen++;
            }

            if (i % Batch == Batch - 1 || i == recordCount - 1)
            {
                seen += Completed(session);
            }
        }

        if (seen != recordCount)
        {
            throw new InvalidDataException($"{seen} of {recordCount} records were read.");
        }
    }

    private static long Completed(ClientSession<long, long, long, long, Empty, IFunctions<long, long, long, long, Empty>> session)
    {
        long count = 0;
        session.CompletePendingWithOutputs(out CompletedOutputIterator<long, long, long, long, Empty> outputs, wait: true);
        using (outputs)
        {
            while (outputs.Next())
            {
                Check(outputs.Current.Key, outputs.Current.Status, outputs.Current.Output);
                count++;
            }
        }

        return count;
    }

    private static void Check(long key, Status status, long value)
    {
        if (!status.Found || value != ValueOf(key))
        {
            throw new InvalidDataException($"The record of key {key} is {(status.Found ? value : status)}, not {ValueOf(key)}.");
        }
    }

    private static Guid Checkpoint(FasterKV<long, long> store)
    {
        if (!store.TryInitiateFullCheckpoint(out Guid token, CheckpointType.FoldOver))
        {
            throw new InvalidOperationException("FASTER takes no checkpoint now.");
        }

        store.CompleteCheckpointAsync().AsTask().GetAwaiter().GetResult();
        return token;
    }

    private static double Time(long count, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds / count;
    }
}
