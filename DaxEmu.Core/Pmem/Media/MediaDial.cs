using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Pmem.Media;

/// <summary>
/// Makes a device as slow as another medium: what the emulator itself reads, writes, flushes and fences is charged, and the thread waits
/// until the medium would be done.
/// </summary>
/// <remarks>
/// <para>A call waits for the later of two moments: its latency has passed, and the bandwidth limits (<see cref="BandwidthLimit"/>) have let its bytes
/// through. Reads are charged before the copy, so that the copy runs while the bytes pass.</para>
/// <para>The medium reads and writes whole lines. A thread has one line open that it has written in part: a write that continues it joins it,
/// also past a fence, as in the buffer of a module. A line that is left incomplete is read and written as a whole.</para>
/// <para>Under a scheduler there is no clock: bytes are counted, and nothing waits.</para>
/// <para>The methods are optimized at once: the clock takes their cost off each wait, and measures it when the first dial is made.</para>
/// </remarks>
internal sealed class MediaDial : IDisposable
{
    private const long CacheLineMask = 63;
    private const long DisturbedNs = 1000;

    private readonly IMediaClock clock;
    private readonly BandwidthLimit reads;
    private readonly BandwidthLimit writes;
    private readonly int shift;
    private readonly bool isReadFree;
    private readonly bool isWriteFree;

    // A thread that has died leaves what was charged to it.
    private readonly ThreadLocal<MediaThread> threads = new(() => new MediaThread(), trackAllValues: true);

    /// <summary>A dial for a device.</summary>
    /// <param name="profile">What is added.</param>
    /// <param name="clock">By which time.</param>
    public MediaDial(MediaProfile profile, IMediaClock clock)
    {
        Profile = profile;
        this.clock = clock;
        reads = new BandwidthLimit(profile.ReadBytesPerSecond);
        writes = new BandwidthLimit(profile.WriteBytesPerSecond);
        shift = int.Log2(profile.LineBytes);
        isReadFree = profile is { ReadNs: 0, SequentialReadNs: 0 } && !reads.IsOn;
        isWriteFree = !writes.IsOn && !reads.IsOn;
    }

    /// <summary>What is added.</summary>
    public MediaProfile Profile { get; }

    /// <summary>What was charged so far, to all threads. Of one that runs, the last charge may be missing.</summary>
    public MediaTotals Totals => threads.Values.Aggregate(default(MediaTotals), (sum, thread) => sum + thread.Totals);

    /// <summary>The dial of a device with these options; null for none.</summary>
    public static MediaDial? For(PmemDeviceOptions options) =>
        options.Media is { } profile ? new MediaDial(profile, options.MediaClock ?? SpinClock.Shared) : null;

    /// <summary>Bytes of the device are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return;
        }

        MediaThread thread = threads.Value!;
        if (isReadFree)
        {
            thread.Totals.Reads++;
            return;
        }

        long first = offsetBytes >> shift;
        long last = (offsetBytes + lengthBytes - 1) >> shift;
        bool isHere = first == thread.LastReadLine;
        bool isNext = isHere || offsetBytes == thread.NextRead;
        long bytes = (last - first + (isHere ? 0 : 1)) << shift;
        thread.NextRead = offsetBytes + lengthBytes;
        thread.LastReadLine = last;
        thread.Totals.Reads++;
        thread.Totals.ReadBytes += bytes;
        Delay(thread, isNext ? Profile.SequentialReadNs : Profile.ReadNs, bytes, 0);
    }

    /// <summary>Bytes are written around the caches.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes > 0)
        {
            MediaThread thread = threads.Value!;
            thread.Totals.Writes++;
            Put(thread, Profile.WriteNs, offsetBytes, offsetBytes + lengthBytes);
        }
    }

    /// <summary>Cache lines are flushed: each is taken to be dirty.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Flush(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes > 0 && !Profile.HasEadr)
        {
            MediaThread thread = threads.Value!;
            thread.Totals.Flushes++;
            Put(thread, Profile.FlushNs, offsetBytes & ~CacheLineMask, (offsetBytes + lengthBytes + CacheLineMask) & ~CacheLineMask);
        }
    }

    /// <summary>A thread waits until its writes have arrived.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fence()
    {
        MediaThread thread = threads.Value!;
        thread.Totals.Fences++;
        Delay(thread, Profile.FenceNs, 0, 0);
    }

    /// <summary>Names the words that threads share.</summary>
    public void NameLines(LineNames names)
    {
        reads.NameLines(names, "read bandwidth of the medium");
        writes.NameLines(names, "write bandwidth of the medium");
    }

    /// <summary>Ends it: the device is gone.</summary>
    public void Dispose() => threads.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Put(MediaThread thread, long latencyNs, long from, long to)
    {
        if (isWriteFree && shift == 6)
        {
            Delay(thread, latencyNs, 0, 0);
            return;
        }

        long firstLine = from >> shift;
        long lastLine = (to - 1) >> shift;
        long lineBytes = 1L << shift;
        long written = 0;
        long rewritten = 0;
        PutPart(thread, firstLine, from - (firstLine << shift), Math.Min(lineBytes, to - (firstLine << shift)), ref written, ref rewritten);
        if (lastLine > firstLine)
        {
            long whole = lastLine - firstLine - 1;
            if (whole > 0)
            {
                Leave(thread, ref written, ref rewritten);
                written += whole << shift;
            }

            PutPart(thread, lastLine, 0, to - (lastLine << shift), ref written, ref rewritten);
        }

        thread.Totals.WrittenBytes += written;
        thread.Totals.ReadBytes += rewritten << shift;
        thread.Totals.Rewrites += rewritten;
        Delay(thread, latencyNs, rewritten << shift, written);
    }

    // A part of a line, or all of it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PutPart(MediaThread thread, long line, long from, long to, ref long written, ref long rewritten)
    {
        if (line == thread.OpenLine && from <= thread.OpenTo && to >= thread.OpenFrom)
        {
            from = Math.Min(from, thread.OpenFrom);
            to = Math.Max(to, thread.OpenTo);
            thread.OpenLine = -1;
        }
        else
        {
            Leave(thread, ref written, ref rewritten);
        }

        if (to - from == 1L << shift)
        {
            written += 1L << shift;
            return;
        }

        (thread.OpenLine, thread.OpenFrom, thread.OpenTo) = (line, from, to);
    }

    private void Leave(MediaThread thread, ref long written, ref long rewritten)
    {
        if (thread.OpenLine >= 0)
        {
            thread.OpenLine = -1;
            written += 1L << shift;
            rewritten++;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Delay(MediaThread thread, long latencyNs, long readBytes, long writtenBytes)
    {
        if (latencyNs == 0 && readBytes + writtenBytes == 0)
        {
            return;
        }

        bool hasClock = Atomic.Current is null;
        long now = hasClock ? clock.NowNs : 0;
        long until = Math.Max(now + latencyNs, Math.Max(reads.Take(ref thread.ReadCredit, readBytes, now), writes.Take(ref thread.WriteCredit, writtenBytes, now)));
        if (hasClock && until > now)
        {
            long reached = clock.WaitUntil(until);
            thread.Totals.Delays++;
            if (reached - until > DisturbedNs)
            {
                thread.Totals.Disturbed++;
            }
            else
            {
                thread.Totals.TargetNs += until - now;
                thread.Totals.ReachedNs += reached - now;
            }
        }
    }
}
