using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Designs;
using DaxEmu.Bench.Benchmark.Engines.Files;
using DaxEmu.Bench.Benchmark.Engines.Fio;
using DaxEmu.Bench.Benchmark.Engines.Floor;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;

using HostMemory = DaxEmu.Bench.Devices.HostMemory;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>The engines of a run and the devices that they work on.</summary>
internal sealed class EngineSetup : IDisposable
{
    // The host needs about a microsecond a page: more than these would make a pass a matter of seconds.
    private const long LargestHostPass = 1 << 16;

    private readonly BenchPlan plan;
    private readonly CancellationToken cancellation;
    private readonly Dictionary<string, IFaultEngine> engines = [];
    private readonly List<string> notes = [];
    private readonly MemoryShare share;
    private readonly ScratchDevice scratch;
    private readonly string? fio = FioProgram.Find(Environment.GetEnvironmentVariable("PATH"));
    private bool worksOnFiles;
    private PmemDevice? wideDevice;
    private PmemDevice? hugeDevice;

    /// <summary>Opens the device, or makes one.</summary>
    /// <exception cref="Native.DaxEnvironmentException">It cannot be had, or would lose what it holds.</exception>
    /// <param name="plan">What is to be done.</param>
    /// <param name="cancellation">Ends the reservation of a device's memory.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public EngineSetup(BenchPlan plan, CancellationToken cancellation = default)
    {
        this.cancellation = cancellation;
        this.plan = plan;
        share = MemoryShare.Of(plan, HostMemory.AvailableBytes());
        var options = new PmemDeviceOptions { Sparse = !share.HasKernel, PreferHugePages = plan.AssertsPmd, Cancellation = cancellation, Media = plan.Media };
        scratch = ScratchDevice.Open(plan.FileName, plan.SizeBytes, options, plan.IsForced);
    }

    /// <summary>The device of the run.</summary>
    public PmemDevice Device => scratch.Device;

    /// <summary>The medium that the devices stand for, and what it was charged; null for none.</summary>
    public MediaFacts? Media => MediaFacts.Of(Device, wideDevice);

    /// <summary>What a reader of the figures needs to know.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>Whether an engine's faults are the host's.</summary>
    public static bool IsHost(string name) => name is "kernel" or "mmf" or "mmf-span";

    /// <summary>A case as an engine carries it out, and the units of its jobs.</summary>
    public (FaultCase Load, IReadOnlyList<UnitOrder> Units) Fit(string name, FaultCase load)
    {
        if (!IsHost(name) || PhaseFacts.IsData(load.Phase))
        {
            return (load, UnitOrder.Share(load, plan.Seed));
        }

        // On the same kind of pages, but no more of them than it has memory for: what a fault costs the host depends little on it.
        FaultCase narrow = load with { SizeBytes = Math.Min(load.SizeBytes, Device.SizeBytes) };
        return (narrow, UnitOrder.Share(narrow, plan.Seed, LargestHostPass));
    }

    /// <summary>Why an engine cannot take part in a case; null if it can.</summary>
    public string? RefusalOf(string name, FaultCase load) =>
        name == EngineCatalog.Fio && fio is null ? FioProgram.Missing
        : name == EngineCatalog.Fio && Device.File is null ? "the device has no file that another program could open"
        : PhaseFacts.NeedsPages(load.Phase) && (share.IsTooLargeForKernel(load.SizeBytes) || load.SizeBytes > Device.SizeBytes)
        ? "the mapping is larger than the device, or than half of the memory that is free, and the phase accesses all of it"
        : !IsHost(name)
        ? share.HasTablesFor(load) ? null : "its tables would take more memory than is free"
        : share.IsTooLargeForKernel(load.SizeBytes) && load.Order == PageOrder.Pte
        ? "the mapping is larger than half of the memory that is free, and the kernel would fill it"
        : share.IsTooLargeForKernel(Device.SizeBytes)
        ? "the device is larger than half of the memory that is free, and the kernel would fill it"
        : null;

    /// <summary>The engine for a case.</summary>
    public IFaultEngine Get(string name, FaultCase load)
    {
        bool isData = PhaseFacts.IsData(load.Phase);
        EndOthers(isData);
        string key = isData ? name + " on files" : name == "kernel" ? name + load.BlockSize : name;
        if (!engines.TryGetValue(key, out IFaultEngine? engine))
        {
            engine = isData ? FileEngineOf(name) : name switch
            {
                "emu" => new EmulatedEngine(DeviceFor, plan.Policy, plan.HasHugeTables),
                "locked-radix" => new LockedRadixEngine(),
                "floor" => new FloorEngine(DeviceFor),
                EngineCatalog.Flat => new DesignEngine<FlatDesign<NoCounts>>(name, (units, order) => new FlatDesign<NoCounts>(new FlatTable<NoCounts>(units, order))),
                EngineCatalog.FlatWithCounts => new DesignEngine<FlatDesign<ReferenceCounts>>(
                    name, (units, order) => new FlatDesign<ReferenceCounts>(new FlatTable<ReferenceCounts>(units, order))),
                EngineCatalog.FileTables => new DesignEngine<FileTablesDesign>(name, (units, order) => new FileTablesDesign(new FileTables(units, order))),
                "mmf" or "mmf-span" => new MemoryMappedEngine(Device, bySpan: name == "mmf-span"),
                _ => new KernelEngine(HostDeviceFor(load)),
            };
            engines.Add(key, engine);
        }

        return engine;
    }

    /// <summary>fio for a case, on a device without holes. Only where <see cref="RefusalOf"/> has no reason against it.</summary>
    public FioProgram Fio(FaultCase load)
    {
        EndOthers(isData: true);
        FileEngine.Fill(Device, load);
        return new FioProgram(fio!, Device, plan.Seed, cancellation, plan.Cpus?.Cpus);
    }

    public void Dispose()
    {
        foreach (IFaultEngine engine in engines.Values)
        {
            engine.Dispose();
        }

        wideDevice?.Dispose();
        hugeDevice?.Dispose();
        scratch.Dispose();
    }

    private FileEngine FileEngineOf(string name) => name switch
    {
        "emu" => new EmulatedFileEngine(Device),
        "kernel" => new HostFileEngine(Device),
        _ => new CopyEngine(Device),
    };

    // Files and mappings of their own use the same pages of the device: what worked on the ones goes before the others come.
    private void EndOthers(bool isData)
    {
        if (isData == worksOnFiles)
        {
            return;
        }

        worksOnFiles = isData;
        foreach (IFaultEngine engine in engines.Values)
        {
            engine.Dispose();
        }

        engines.Clear();
    }

    // The emulator's faults access entries and translations, not the pages behind them: a wide mapping needs no memory for its pages.
    private PmemDevice DeviceFor(FaultCase load)
    {
        if (load.SizeBytes <= Device.SizeBytes)
        {
            return Device;
        }

        if (wideDevice is null || wideDevice.SizeBytes < load.SizeBytes)
        {
            wideDevice?.Dispose();
            wideDevice = PmemDevice.CreateTemporary(load.SizeBytes, new PmemDeviceOptions { Sparse = true, PreferHugePages = false, Media = plan.Media });
        }

        return wideDevice;
    }

    /// <summary>The device that an engine maps for a case.</summary>
    public PmemDevice DeviceOf(string engine, FaultCase load) => engine == "kernel" ? HostDeviceFor(load) : Device;

    // Once its memory is in 2 MiB pieces a device would serve 4 KiB faults by the dozen, so the two have one each.
    private PmemDevice HostDeviceFor(FaultCase load)
    {
        if (load.Order == PageOrder.Pte || plan.FileName is not null)
        {
            return Device;
        }

        if (!share.HasSecondDevice)
        {
            notes.Add("There is no memory for a second device; the kernel's 2 MiB faults run on the first.");
            return Device;
        }

        try
        {
            return hugeDevice ??= PmemDevice.CreateTemporary(plan.SizeBytes, new PmemDeviceOptions { Cancellation = cancellation });
        }
        catch (Native.DaxEnvironmentException)
        {
            notes.Add("There is no space for a second device; the kernel's 2 MiB faults run on the first.");
            return Device;
        }
    }
}
