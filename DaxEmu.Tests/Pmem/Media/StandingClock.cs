using DaxEmu.Core.Pmem.Media;

namespace DaxEmu.Tests.Pmem.Media;

/// <summary>A clock that moves only when it is waited for, at once.</summary>
internal sealed class StandingClock : IMediaClock
{
    private readonly List<long> waits = [];

    /// <inheritdoc/>
    public long NowNs
    {
        get
        {
            Readings++;
            return Time;
        }
    }

    /// <summary>The time.</summary>
    public long Time { get; set; } = 1_000_000_000;

    /// <summary>How often it was read.</summary>
    public int Readings { get; private set; }

    /// <summary>How long each wait was, in nanoseconds.</summary>
    public IReadOnlyList<long> Waits => waits;

    /// <inheritdoc/>
    public long WaitUntil(long momentNs)
    {
        waits.Add(momentNs - Time);
        return Time = momentNs;
    }
}
