namespace DaxEmu.Core.Pmem.Media;

/// <summary>The time by which a <see cref="MediaDial"/> delays.</summary>
internal interface IMediaClock
{
    /// <summary>Nanoseconds since some moment.</summary>
    long NowNs { get; }

    /// <summary>Returns when the clock shows at least <paramref name="momentNs"/>.</summary>
    /// <returns>What it shows then.</returns>
    long WaitUntil(long momentNs);
}
