using System.Diagnostics;
using DaxEmu.Core.Checking.PowerCuts;
using DaxEmu.Core.Pmem;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Core.Checking;

/// <summary>
/// Cuts the power at every point of a workload, and runs recovery on everything that each cut may leave (see docs/power-cuts.md for the rules).
/// </summary>
/// <remarks>
/// What recovery does not read is not varied, which loses nothing: it cannot change the result. The first failure is reported, of its
/// test the earliest cut, of that cut the state with least lost. The result is the same with any number of workers.
/// </remarks>
/// <example>See <see cref="PowerCutTest{T}"/>.</example>
public static class PowerCutRunner
{
    /// <summary>Explores a test.</summary>
    /// <param name="test">The test.</param>
    /// <param name="options">How; null for <see cref="PowerCutOptions.Default"/>.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="InvalidOperationException">The workload itself failed.</exception>
    public static PowerCutReport Explore(PowerCutTest test, PowerCutOptions? options = null, CancellationToken cancellation = default) =>
        Explore([test], options, null, cancellation);

    /// <summary>Explores many tests, several at once; give the smallest first.</summary>
    /// <param name="tests">The tests.</param>
    /// <param name="options">How; null for <see cref="PowerCutOptions.Default"/>.</param>
    /// <param name="progress">Is told which part is done, 0 to 1, by several threads.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <exception cref="InvalidOperationException">A workload itself failed.</exception>
    public static PowerCutReport Explore(
        IReadOnlyList<PowerCutTest> tests, PowerCutOptions? options = null, Action<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(tests);
        options ??= PowerCutOptions.Default;
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WorkerCount, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MostStates, 1, nameof(options));
        long begin = Stopwatch.GetTimestamp();
        var exploration = new Exploration(tests, options, progress, cancellation);
        return exploration.Run() with { Elapsed = Stopwatch.GetElapsedTime(begin) };
    }

    /// <summary>Makes one state again.</summary>
    /// <param name="test">The test that the string is of.</param>
    /// <param name="replay">The string of a <see cref="PowerCutFailure"/>.</param>
    /// <returns>What is wrong with the state; null if it is right.</returns>
    /// <exception cref="FormatException">It is no such string, of another test, or the workload has changed since.</exception>
    /// <exception cref="InvalidOperationException">The workload itself failed.</exception>
    public static PowerCutFailure? Replay(PowerCutTest test, string replay)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(replay);
        using var recording = Recording.Of(test);
        return new CutWorker().Replay(recording, replay);
    }

    /// <summary>What would be left of a device if its power were cut now. The device itself goes on.</summary>
    /// <param name="device">One with <see cref="PmemDeviceOptions.RecordsStores"/>. No thread stores to it meanwhile.</param>
    /// <param name="seed">Chooses, of what may have arrived, what has; null if nothing has that need not.</param>
    /// <exception cref="ArgumentException">The device does not record its stores.</exception>
    /// <exception cref="NotSupportedException">What a cut leaves of it follows other rules than those of cache lines: it is flushed by msync, or its caches are durable.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static CrashImage Cut(PmemDevice device, ulong? seed = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        StoreRecorder recorder = device.Recorder ?? throw new ArgumentException(
            $"{device.Name} does not record its stores. Open it with {nameof(PmemDeviceOptions)}.{nameof(PmemDeviceOptions.RecordsStores)}.", nameof(device));
        if (device.Capabilities.Flush == FlushMethod.Msync || device.PersistenceDomain == PersistenceDomain.Byte)
        {
            throw new NotSupportedException(
                $"{device.Name} is flushed by {device.Capabilities.Flush} and has the persistence domain {device.PersistenceDomain}; a power cut is modelled for cache lines that are flushed. "
                + $"Use {nameof(PmemDevice.CreateTemporary)} or {nameof(PmemDevice.CreateInMemory)}, or ask for an instruction ({nameof(PmemDeviceOptions)}.{nameof(PmemDeviceOptions.Flush)}).");
        }

        int reference = device.AddReference();
        try
        {
            recorder.Finish();
            return CutWorker.Leave(recorder.Log, seed);
        }
        finally
        {
            device.ReleaseReference(reference);
        }
    }
}
