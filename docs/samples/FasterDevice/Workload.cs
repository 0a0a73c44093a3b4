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
    private const int SegmentBytes = 1 << 20;

    /// <summary>What one run took, in nanoseconds a record.</summary>
    public readonly record struct Figures(double Upsert, double Read, double Checkpoint, double Recover);

    public static Figures Run(long recordCount, Func<Storage> open)
    {
        Guid token = default;
        double upsert, read, checkpoint, recover;
        using (Storage storage = open())
        using (DeviceLogCommitCheckpointManager checkpoints = CheckpointsOf(storage))
        using (FasterKV<long, long> store = Store(storage, checkpoints))
        {
            upsert = Time(recordCount, () => Upsert(store, recordCount));
            read = Time(recordCount, () => Verify(store, recordCount));
            checkpoint = Time(recordCount, () => token = Checkpoint(store));
        }

        using (Storage storage = open())
        using (DeviceLogCommitCheckpointManager checkpoints = CheckpointsOf(storage))
        using (FasterKV<long, long> store = Store(storage, checkpoints))
        {
            recover = Time(recordCount, () => store.Recover());
            if (!checkpoints.GetLogCheckpointTokens().Contains(token))
            {
                throw new InvalidDataException($"The checkpoint {token} is not among those that are found again.");
            }

            Verify(store, recordCount);
        }

        return new Figures(upsert, read, checkpoint, recover);
    }

    private static DeviceLogCommitCheckpointManager CheckpointsOf(Storage storage) => new(storage.Factory, storage.Checkpoints);

    private static FasterKV<long, long> Store(Storage storage, ICheckpointManager checkpoints) => new(new FasterKVSettings<long, long>
    {
        IndexSize = 1 << 20,
        LogDevice = storage.Log,
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
