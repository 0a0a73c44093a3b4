using System.Collections.Concurrent;

namespace DaxEmu.Core.Pmem;

/// <summary>The memory that a recording of a device needs: two copies of the device, and the events. Reused, since thousands of short recordings follow one another.</summary>
internal sealed class RecordingBuffers
{
    private static readonly ConcurrentBag<RecordingBuffers> Unused = [];

    private RecordingBuffers(long sizeBytes)
    {
        Visible = GC.AllocateUninitializedArray<byte>((int)sizeBytes);
        Log = new StoreLog(GC.AllocateUninitializedArray<byte>((int)sizeBytes));
    }

    /// <summary>What was seen of the device.</summary>
    public byte[] Visible { get; }

    /// <summary>What was recorded.</summary>
    public StoreLog Log { get; }

    /// <summary>Buffers for a device of a size; whatever they hold is of no use.</summary>
    /// <exception cref="ArgumentException">The device is too large.</exception>
    public static RecordingBuffers Rent(long sizeBytes)
    {
        if (sizeBytes > 1 << 30)
        {
            throw new ArgumentException($"a device of {sizeBytes} bytes cannot record its stores: use one of at most 1 GiB.");
        }

        // Of another size than before: those are of no use any more.
        while (Unused.TryTake(out RecordingBuffers? buffers))
        {
            if (buffers.Visible.Length == sizeBytes)
            {
                return buffers;
            }
        }

        return new RecordingBuffers(sizeBytes);
    }

    /// <summary>Gives them back; no recorder uses them any more.</summary>
    public void Return()
    {
        Log.Clear();
        Unused.Add(this);
    }
}
