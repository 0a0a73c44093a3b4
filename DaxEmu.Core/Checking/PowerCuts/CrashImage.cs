using DaxEmu.Core.Checking.PowerCuts;

namespace DaxEmu.Core.Checking;

/// <summary>What a power cut has left of a device. Recovery reads it, and may store to it, as it would a device.</summary>
/// <remarks>
/// <para>Where the cut has left a choice, it is made when bytes are first read, and recovery runs again for each other choice: so bytes that it
/// never reads multiply nothing. Read what is needed, not whole areas in advance.</para>
/// <para>One thread at a time. Recovery must do the same whenever it reads the same. What it stores lasts until its run has been verified, and is
/// durable at once.</para>
/// </remarks>
public sealed class CrashImage : IPersistentMemory
{
    private const long MostReads = 50_000_000;

    private readonly UndecidedLines lines;
    private long readsLeft = MostReads;

    internal CrashImage(UndecidedLines lines) => this.lines = lines;

    /// <inheritdoc/>
    public long SizeBytes => lines.Memory.Length;

    /// <summary>Cache lines.</summary>
    public PersistenceDomain PersistenceDomain => PersistenceDomain.CacheLine;

    internal UndecidedLines Lines => lines;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">Recovery has read 50 million times: it does not end.</exception>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        if (lines.IsOpen(offsetBytes, lengthBytes))
        {
            lines.Decide(offsetBytes, lengthBytes);
        }

        return --readsLeft >= 0
            ? lines.Memory.AsSpan((int)offsetBytes, lengthBytes)
            : throw new InvalidOperationException($"recovery has read {MostReads} times: it does not end");
    }

    /// <inheritdoc/>
    public void Store(long offsetBytes, ReadOnlySpan<byte> source)
    {
        CheckRange(offsetBytes, source.Length);
        lines.Store(offsetBytes, source);
    }

    /// <inheritdoc/>
    public void CopyNonTemporal(long offsetBytes, ReadOnlySpan<byte> source) => Store(offsetBytes, source);

    /// <inheritdoc/>
    public void Flush(long offsetBytes, long lengthBytes) => CheckRange(offsetBytes, lengthBytes);

    /// <inheritdoc/>
    public void Drain()
    {
    }

    /// <summary>
    /// Whether everything that the cut may have left of some bytes is right, an aligned word of 8 at a time. Costs a look at each version and no
    /// run: for data that was overwritten and not synced, where each word may be old or new and no word depends on another.
    /// </summary>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many.</param>
    /// <param name="isRight">Says whether bytes are right at their place.</param>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    public bool EveryVersion(long offsetBytes, int lengthBytes, VersionCheck isRight)
    {
        ArgumentNullException.ThrowIfNull(isRight);
        CheckRange(offsetBytes, lengthBytes);
        return lines.All(offsetBytes, lengthBytes, isRight);
    }

    /// <summary>
    /// A device in memory with this content, for recovery that needs one. All choices are made before, so every state runs on its own,
    /// whatever recovery reads: use it where few lines are undecided.
    /// </summary>
    /// <param name="options">How it is opened; null for <see cref="PmemDeviceOptions.Default"/>.</param>
    /// <returns>A device, which the caller disposes.</returns>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">The address space does not hold it.</exception>
    public PmemDevice ToDevice(PmemDeviceOptions? options = null)
    {
        lines.DecideAll();
        PmemDevice device = PmemDevice.CreateInMemory(SizeBytes, options);
        DeviceImage.CopyTo(lines.Memory, device);
        device.Recorder?.Restart();
        return device;
    }

    internal void BeginRun() => readsLeft = MostReads;

    private void CheckRange(long offsetBytes, long lengthBytes)
    {
        if ((ulong)offsetBytes > (ulong)SizeBytes || (ulong)lengthBytes > (ulong)(SizeBytes - offsetBytes))
        {
            throw new ArgumentOutOfRangeException(
                nameof(offsetBytes), $"There are no {lengthBytes} bytes at {offsetBytes}: the memory has {SizeBytes}.");
        }
    }
}
