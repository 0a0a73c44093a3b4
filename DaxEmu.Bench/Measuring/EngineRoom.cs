using DaxEmu.Bench.Engines;
using DaxEmu.Core.Device;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Bench.Measuring;

/// <summary>The engines of a run and the devices that they work on.</summary>
internal sealed class EngineRoom : IDisposable
{
    /// <summary>Every engine, in the order in which they are shown.</summary>
    public static readonly string[] Names = ["emu", "locked-radix", "kernel"];

    private readonly BenchPlan plan;
    private readonly Dictionary<string, IFaultEngine> engines = [];
    private readonly List<string> notes = [];
    private readonly bool isTooLargeForHost;
    private readonly string? fileToRemove;
    private PmemDevice? hugeDevice;

    /// <summary>Opens the device, or makes one.</summary>
    public EngineRoom(BenchPlan plan)
    {
        this.plan = plan;
        isTooLargeForHost = plan.SizeBytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        var options = new PmemDeviceOptions { Sparse = isTooLargeForHost || !plan.Engines.Contains("kernel"), PreferHugePages = false };
        if (plan.FileName is not { } path)
        {
            Device = PmemDevice.CreateTemporary(plan.SizeBytes, options);
        }
        else if (File.Exists(path) || Directory.Exists(path))
        {
            Device = PmemDevice.Open(path, options);
        }
        else
        {
            Device = PmemDevice.Create(path, plan.SizeBytes, options);
            fileToRemove = path;
        }
    }

    /// <summary>The device of the run.</summary>
    public PmemDevice Device { get; }

    /// <summary>What a reader of the figures ought to know.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <summary>How many pages, or 2 MiB, all jobs of a case touch in a pass; with separate mappings each job has its share to itself.</summary>
    public long UnitsOf(FaultCase load)
    {
        long slices = load.IsSeparate ? load.JobCount : 1;
        long pages = Device.PageCount / slices / DaxConstants.PagesPerPmd * DaxConstants.PagesPerPmd;
        long units = (pages >> (int)load.Order) * slices;
        return units >= load.JobCount
            ? units
            : throw new ArgumentException($"{load.JobCount} jobs have less than one {load.BlockSize} each on a device of {Device.SizeBytes} bytes. Use a larger --size.");
    }

    /// <summary>Why an engine cannot take part in this run at all; null if it can.</summary>
    public string? RefusalOf(string name) => name == "kernel" && isTooLargeForHost
        ? "the device is larger than half of this machine's memory, and the kernel would fill it"
        : null;

    /// <summary>The engine for a case.</summary>
    public IFaultEngine Get(string name, FaultCase load)
    {
        string key = name == "kernel" ? name + load.BlockSize : name;
        if (!engines.TryGetValue(key, out IFaultEngine? engine))
        {
            engine = name switch
            {
                "emu" => new EmulatedEngine(Device, WaitProfiles.ByName(plan.Policy)),
                "locked-radix" => new LockedRadixEngine(Device.PageCount),
                _ => new KernelEngine(KernelDevice(load)),
            };
            engines.Add(key, engine);
        }

        return engine;
    }

    public void Dispose()
    {
        foreach (IFaultEngine engine in engines.Values)
        {
            engine.Dispose();
        }

        hugeDevice?.Dispose();
        Device.Dispose();
        if (fileToRemove is not null)
        {
            File.Delete(fileToRemove);
        }
    }

    // Once its memory is in 2 MiB pieces a device would serve 4 KiB faults by the dozen, so the two have one each.
    private PmemDevice KernelDevice(FaultCase load)
    {
        if (load.Order == PageOrder.Pte || plan.FileName is not null)
        {
            return Device;
        }

        try
        {
            return hugeDevice ??= PmemDevice.CreateTemporary(plan.SizeBytes);
        }
        catch (Native.DaxEnvironmentException)
        {
            notes.Add("There is no room for a second device; the kernel's 2 MiB faults run on the first.");
            return Device;
        }
    }
}
