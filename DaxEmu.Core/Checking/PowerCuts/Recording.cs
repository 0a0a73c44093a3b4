using DaxEmu.Core.Checking.Strategies;
using DaxEmu.Core.Pmem;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>A test's workload as it ran once: what it did to the device, and where the power can be cut.</summary>
internal sealed class Recording : IDisposable
{
    private readonly RecordingBuffers buffers;
    private readonly bool isReusable;

    private Recording(PowerCutTest test, RecordingBuffers buffers, bool isReusable, IReadOnlyList<string> labels)
    {
        Test = test;
        this.buffers = buffers;
        this.isReusable = isReusable;
        Labels = labels;
        Cuts = CutPoints.Of(buffers.Log);
    }

    public PowerCutTest Test { get; }

    public StoreLog Log => buffers.Log;

    /// <summary>What the workload calls its steps.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>All cuts, in order; the first has the number 1.</summary>
    public IReadOnlyList<CutPoint> Cuts { get; }

    /// <summary>Runs a workload.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static Recording Of(PowerCutTest test)
    {
        var buffers = RecordingBuffers.Rent(test.SizeBytes);
        using PmemDevice device = PmemDevice.CreateInMemory(
            test.SizeBytes, new PmemDeviceOptions { RecordsTo = buffers, PreferHugePages = false, Flush = FlushMethod.None });
        StoreRecorder recorder = device.Recorder!;
        var progress = new CutProgress(recorder);
        try
        {
            DeviceImage.CopyTo(test.Content.Span, device);
            test.SetUp?.Invoke(device);
            recorder.Restart();
            test.Workload(device, progress);
        }
        catch (Exception problem)
        {
            throw new InvalidOperationException(
                $"the workload of the power-cut test '{test.Name}' failed without a cut: {problem.GetType().Name}: {problem.Message}", problem);
        }

        recorder.Finish();
        device.Dispose();
        return new Recording(test, buffers, device.IsGone, progress.Labels);
    }

    /// <summary>Gives its memory back, unless the workload has left files open, which may still be recorded.</summary>
    public void Dispose()
    {
        if (isReusable)
        {
            buffers.Return();
        }
    }

    /// <summary>The cuts that are to be made, by their place in <see cref="Cuts"/>.</summary>
    public int[] Chosen(PowerCutOptions options)
    {
        List<int> chosen = [.. Enumerable.Range(0, Cuts.Count).Where(i => Cuts[i].Begun >= Test.FirstStep)];
        if (options.MostCuts is { } most && most < chosen.Count)
        {
            var random = new SeededRandom(options.Seed);
            while (chosen.Count > most)
            {
                chosen.RemoveAt(random.Below(chosen.Count));
            }
        }

        return [.. chosen];
    }

    /// <summary>The cut, for those who check what it leaves.</summary>
    public PowerCut CutAt(int place) => new(place + 1, Cuts[place].Begun, Cuts[place].Acknowledged);
}
