using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Pmem.Media;

/// <summary>A token bucket: how many bytes may pass a second, for all threads together.</summary>
/// <remarks>
/// The bucket is one word, the moment at which everything taken so far has passed at the full rate. A thread takes in steps of
/// <see cref="StepBytes"/> and spends a step without a look at the word, so that small accesses of several threads do not send its line to
/// and fro: with 256 bytes an access, one in sixteen writes it; an access of a step or more writes it once, and takes longer than the line.
/// The price: each thread may be a step ahead, and after a pause <see cref="DepthBytes"/> pass at once.
/// </remarks>
internal sealed unsafe class BandwidthLimit(long bytesPerSecond)
{
    /// <summary>What a thread takes at once.</summary>
    public const int StepBytes = 4 << 10;

    /// <summary>What passes without delay after a pause.</summary>
    public const int DepthBytes = 64 << 10;

    private readonly PinnedLines line = new(1);
    private readonly long depthNs = bytesPerSecond == 0 ? 0 : Duration(DepthBytes, bytesPerSecond);

    /// <summary>Whether there is a limit.</summary>
    public bool IsOn => bytesPerSecond != 0;

    /// <summary>Takes bytes.</summary>
    /// <param name="credit">What the thread has taken and not used yet.</param>
    /// <param name="bytes">How many pass.</param>
    /// <param name="nowNs">The present moment.</param>
    /// <returns>The moment until which the caller must wait.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long Take(ref long credit, long bytes, long nowNs)
    {
        if (bytesPerSecond == 0 || bytes == 0)
        {
            return 0;
        }

        credit -= bytes;
        if (credit >= 0)
        {
            return 0;
        }

        long taken = (-credit + StepBytes - 1) / StepBytes * StepBytes;
        credit += taken;
        long duration = Duration(taken, bytesPerSecond);
        while (true)
        {
            ulong seen = Atomic.Load(ref *line[0], Site.Media);
            long passed = Math.Max((long)seen, nowNs - depthNs) + duration;
            if (Atomic.TryReplace(ref *line[0], (ulong)passed, seen, Site.Media))
            {
                return passed;
            }
        }
    }

    /// <summary>Names the word.</summary>
    public void NameLines(LineNames names, string name) => names.Add(line[0], name);

    private static long Duration(long bytes, long bytesPerSecond) => (long)((Int128)bytes * 1_000_000_000 / bytesPerSecond);
}
