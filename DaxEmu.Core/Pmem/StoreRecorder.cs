using System.Buffers.Binary;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Core.Pmem;

/// <summary>Records what is stored to a device, flushed and drained, so that afterwards a power cut can be put anywhere.</summary>
/// <remarks>
/// <para>Stores through the device's methods are recorded one by one, 8 aligned bytes each. Raw stores through spans are found by comparing the
/// device with what was seen of it before: a line when it is flushed; at each fence and step every page of which a span was handed out, or
/// that an entry of a file held at a fence or step. What differs in a line then is one store, since neither order nor number of its stores
/// can be seen.</para>
/// <para>A lock makes one order of all threads' events. A raw store of another thread that comes between a flush instruction and its event
/// counts as flushed, so threads that make raw stores must not race with flushes of the same line.</para>
/// </remarks>
internal sealed unsafe class StoreRecorder : StoreObserver
{
    private const int LineBytes = 64;
    private const int WordsPerLine = LineBytes / sizeof(ulong);
    private const int PageBytes = DaxConstants.PageSize;

    private readonly Lock gate = new();
    private readonly byte* device;
    private readonly byte[] visible;
    private readonly ulong[] exposed;
    private readonly Dictionary<int, int> threads = [];
    private PmemDevice? withFiles;
    private bool isOn;

    /// <summary>A recorder of a device, which begins with <see cref="Restart"/>.</summary>
    /// <param name="device">The device's first byte; outlives the recorder.</param>
    /// <param name="buffers">Of the device's size.</param>
    public StoreRecorder(nint device, RecordingBuffers buffers)
    {
        this.device = (byte*)device;
        visible = buffers.Visible;
        exposed = new ulong[((visible.Length / PageBytes) + 63) / 64];
        Log = buffers.Log;
    }

    /// <summary>A recorder that has begun.</summary>
    /// <param name="device">The device's first byte; outlives the recorder.</param>
    /// <param name="sizeBytes">Its size.</param>
    public static StoreRecorder Begin(nint device, long sizeBytes)
    {
        var recorder = new StoreRecorder(device, RecordingBuffers.Rent(sizeBytes));
        recorder.Restart();
        return recorder;
    }

    /// <summary>What was recorded; not to be read while threads use the device.</summary>
    public StoreLog Log { get; }

    /// <summary>Begins anew: the device's content is durable, and nothing has been stored.</summary>
    public void Restart()
    {
        lock (gate)
        {
            new ReadOnlySpan<byte>(device, visible.Length).CopyTo(visible);
            visible.CopyTo(Log.Start, 0);
            Log.Clear();
            threads.Clear();
            isOn = true;
        }
    }

    /// <summary>Records that the workload begins or acknowledges a step.</summary>
    public void Mark(RecordedEventKind kind, int step)
    {
        lock (gate)
        {
            SampleExposed();
            Log.Add(kind, ThreadNumber(), step);
        }
    }

    /// <summary>Looks for raw stores once more, at the end of the recording.</summary>
    public void Finish()
    {
        lock (gate)
        {
            SampleExposed();
        }
    }

    public override void Store(long offsetBytes, ReadOnlySpan<byte> source)
    {
        lock (gate)
        {
            if (isOn)
            {
                SampleLines(offsetBytes, source.Length);
            }

            OrderedStores.Copy((nint)(device + offsetBytes), source);
            if (!isOn)
            {
                return;
            }

            int thread = ThreadNumber();
            for (int done = 0; done < source.Length;)
            {
                // Bytes of a word that is not stored whole become visible one by one.
                long offset = offsetBytes + done;
                int length = (offset & (sizeof(ulong) - 1)) == 0 && source.Length - done >= sizeof(ulong) ? sizeof(ulong) : 1;
                Log.AddStore(RecordedEventKind.Store, thread, WordOf(offset, source.Slice(done, length)));
                done += length;
            }

            source.CopyTo(visible.AsSpan((int)offsetBytes));
        }
    }

    public override void StoredNonTemporal(long offsetBytes, long lengthBytes)
    {
        lock (gate)
        {
            if (!isOn || lengthBytes == 0)
            {
                return;
            }

            // The bytes around them in their first and last line: what differs there was stored before.
            var stored = new ReadOnlySpan<byte>(device + offsetBytes, (int)lengthBytes);
            int thread = ThreadNumber();
            long end = offsetBytes + lengthBytes;
            Sample(offsetBytes & -LineBytes, offsetBytes & (LineBytes - 1));
            Sample(end, -end & (LineBytes - 1));
            for (int done = 0; done < stored.Length;)
            {
                long offset = offsetBytes + done;
                int length = (int)Math.Min(sizeof(ulong) - (offset & (sizeof(ulong) - 1)), stored.Length - done);
                Log.AddStore(RecordedEventKind.NonTemporal, thread, WordOf(offset, stored.Slice(done, length)));
                done += length;
            }

            stored.CopyTo(visible.AsSpan((int)offsetBytes));
        }
    }

    public override void Flush(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes == 0)
        {
            return;
        }

        lock (gate)
        {
            if (!isOn)
            {
                return;
            }

            long first = offsetBytes & -LineBytes;
            long end = (offsetBytes + lengthBytes + LineBytes - 1) & -LineBytes;
            Sample(first, end - first);
            Log.Add(RecordedEventKind.Flush, ThreadNumber(), first, end - first);
        }
    }

    public override void Drain()
    {
        lock (gate)
        {
            if (!isOn)
            {
                return;
            }

            SampleExposed();
            Log.Add(RecordedEventKind.Fence, ThreadNumber(), 0);
        }
    }

    public override void Expose(long offsetBytes, long lengthBytes)
    {
        lock (gate)
        {
            long last = (offsetBytes + lengthBytes - 1) / PageBytes;
            for (long page = offsetBytes / PageBytes; page <= last; page++)
            {
                exposed[page / 64] |= 1UL << (int)(page & 63);
            }
        }
    }

    public override void ExposeFilesOf(PmemDevice device)
    {
        lock (gate)
        {
            withFiles = device;
        }
    }

    public override void Dispose()
    {
    }

    private static StoredWord WordOf(long offset, ReadOnlySpan<byte> bytes)
    {
        int shift = (int)(offset & (sizeof(ulong) - 1)) * 8;
        Span<byte> padded = stackalloc byte[sizeof(ulong)];
        padded.Clear();
        bytes.CopyTo(padded);
        ulong mask = bytes.Length == sizeof(ulong) ? ulong.MaxValue : (1UL << (bytes.Length * 8)) - 1;
        return new StoredWord(offset / sizeof(ulong), BinaryPrimitives.ReadUInt64LittleEndian(padded) << shift, mask << shift);
    }

    // Threads get their numbers in the order in which they come: so a replay in another process has the same.
    private int ThreadNumber()
    {
        int id = Environment.CurrentManagedThreadId;
        if (!threads.TryGetValue(id, out int number))
        {
            threads[id] = number = threads.Count;
        }

        return number;
    }

    private void SampleExposed()
    {
        ExposeHeldPages();
        for (int i = 0; i < exposed.Length; i++)
        {
            for (ulong bits = exposed[i]; bits != 0; bits &= bits - 1)
            {
                Sample((((long)i * 64) + System.Numerics.BitOperations.TrailingZeroCount(bits)) * PageBytes, PageBytes);
            }
        }
    }

    // Views store to pages that an entry holds, and had it hold them before. Once exposed a page stays so: spans of it may be left.
    private void ExposeHeldPages()
    {
        if (withFiles is not { HasOwners: true } device)
        {
            return;
        }

        for (int page = 0; page < visible.Length / PageBytes; page++)
        {
            if ((exposed[page / 64] >> (page & 63) & 1) == 0 && !device.Owners.Find(new Pfn(page)).IsNone)
            {
                exposed[page / 64] |= 1UL << (page & 63);
            }
        }
    }

    private void SampleLines(long offsetBytes, long lengthBytes)
    {
        long first = offsetBytes & -LineBytes;
        Sample(first, ((offsetBytes + lengthBytes + LineBytes - 1) & -LineBytes) - first);
    }

    // Records what differs from what was seen before, line by line. Bytes outside the range are not looked at.
    private void Sample(long offsetBytes, long lengthBytes)
    {
        var now = new ReadOnlySpan<byte>(device + offsetBytes, (int)lengthBytes);
        Span<byte> seen = visible.AsSpan((int)offsetBytes, (int)lengthBytes);
        if (now.SequenceEqual(seen))
        {
            return;
        }

        int thread = ThreadNumber();
        for (int at = 0; at < now.Length;)
        {
            int length = (int)Math.Min(LineBytes - ((offsetBytes + at) & (LineBytes - 1)), now.Length - at);
            if (!now.Slice(at, length).SequenceEqual(seen.Slice(at, length)))
            {
                SampleLine(thread, offsetBytes + at, now.Slice(at, length), seen.Slice(at, length));
            }

            at += length;
        }
    }

    private void SampleLine(int thread, long offset, ReadOnlySpan<byte> now, Span<byte> seen)
    {
        Span<StoredWord> words = stackalloc StoredWord[WordsPerLine];
        Span<byte> word = stackalloc byte[sizeof(ulong)];
        int count = 0;
        for (int done = 0; done < now.Length;)
        {
            int length = (int)Math.Min(sizeof(ulong) - ((offset + done) & (sizeof(ulong) - 1)), now.Length - done);

            // The copy is what counts: another thread may store meanwhile, which is seen the next time.
            Span<byte> copy = word[..length];
            now.Slice(done, length).CopyTo(copy);
            if (!copy.SequenceEqual(seen.Slice(done, length)))
            {
                copy.CopyTo(seen[done..]);
                words[count++] = WordOf(offset + done, copy);
            }

            done += length;
        }

        if (count > 0)
        {
            Log.AddStore(RecordedEventKind.RawStore, thread, offset, words[..count]);
        }
    }
}
