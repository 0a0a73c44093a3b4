using BenchmarkDotNet.Attributes;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Suites;

/// <summary>
/// What the tracking of stores costs: a sync of a file of 16,384 pages and of one page of it, where nothing was stored; and the first store to
/// each page after a sync, through a span that is older.
/// </summary>
public class RawStoreSuite : IDisposable
{
    private const int Pages = 16384;
    private const int FileBytes = Pages * DaxConstants.PageSize;

    private PmemDevice? device;
    private DaxVolume? volume;
    private DaxFile? file;
    private DaxView? view;

    /// <summary>Whether the device tracks stores. Strict mode would report the stores of this benchmark.</summary>
    [Params(StoreTracking.None, StoreTracking.Track)]
    public StoreTracking Tracking { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        device = PmemDevice.CreateTemporary(2L * FileBytes, new PmemDeviceOptions { StoreTracking = Tracking, PreferHugePages = false });
        volume = DaxVolume.ScratchOf(device);
        file = volume.Create("stores", FileBytes);
        file.Allocate(0, FileBytes);
        view = file.Map(0, FileBytes, MapMode.Shared | MapMode.NoHugePage);
        view.Write(0, FileBytes).Fill(1);
        file.Sync();
    }

    [IterationSetup(Target = nameof(FirstStores))]
    public void Clean() => file!.Sync();

    [Benchmark]
    public void SyncOfAll() => file!.Sync();

    [Benchmark]
    public void SyncOfOnePage() => view!.Sync(0, DaxConstants.PageSize);

    [Benchmark(OperationsPerInvoke = Pages)]
    public void FirstStores()
    {
        Span<byte> all = device!.GetSpan(file!.ExtentList[0].Pfn, Pages);
        for (int at = 0; at < all.Length; at += DaxConstants.PageSize)
        {
            all[at]++;
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        view?.Dispose();
        file?.Dispose();
        volume?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }
}
