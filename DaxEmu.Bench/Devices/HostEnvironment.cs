using System.Globalization;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Devices;

/// <summary>What a machine has for mappings, beside the device itself.</summary>
/// <param name="tree">Where sysfs and procfs are.</param>
internal sealed class HostEnvironment(HostTree tree)
{
    private const string Thp = "sys/kernel/mm/transparent_hugepage";
    private const string Cpus = "sys/devices/system/cpu";

    /// <summary>A switch of transparent huge pages: the word that is selected; null if the kernel has none.</summary>
    public string? HugePageSwitch(string name) => tree.Text($"{Thp}/{name}") is { } text && HugePageProbe.Selected(text) is { Length: > 0 } word ? word : null;

    /// <summary>Pages of hugetlbfs in the pool, and how many of these are free; null if the kernel has none.</summary>
    public (long Total, long Free)? HugePagePool =>
        tree.Number("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages") is { } total
            ? (total, tree.Number("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages") ?? 0)
            : null;

    /// <summary>The instructions of this CPU that flush a line.</summary>
    public static IReadOnlyList<string> FlushInstructions { get; } =
    [
        .. new (bool Has, string Name)[] { (CpuFeatures.HasClwb, "clwb"), (CpuFeatures.HasClflushOpt, "clflushopt"), (CpuFeatures.HasClflush, "clflush") }
            .Where(i => i.Has).Select(i => i.Name),
    ];

    /// <summary>The CPUs that the process may use.</summary>
    public static IReadOnlyList<int> AllowedCpus { get; } = Topology.AllowedCpus();

    /// <summary>How many sockets these lie on; null if the kernel does not say.</summary>
    public int? Sockets => CountOf(AllowedCpus.Select(cpu => tree.Text($"{Cpus}/cpu{cpu}/topology/physical_package_id")));

    /// <summary>How many cores they are; null if the kernel does not say.</summary>
    public int? Cores => CountOf(AllowedCpus.Select(cpu =>
        tree.Text($"{Cpus}/cpu{cpu}/topology/core_id") is { } core ? $"{tree.Text($"{Cpus}/cpu{cpu}/topology/physical_package_id")}:{core}" : null));

    /// <summary>The NUMA nodes that are online, as the kernel lists them; null if it has none.</summary>
    public string? NumaNodes => tree.Text("sys/devices/system/node/online");

    /// <summary>The largest cache of the first of these CPUs, as the kernel writes it; null if it does not say.</summary>
    public string? LastLevelCache => Enumerable.Range(0, 8)
        .Select(index => tree.Text($"{Cpus}/cpu{AllowedCpus[0]}/cache/index{index}/size")).TakeWhile(size => size is not null).LastOrDefault();

    /// <summary>What the kernel's clock is read from; null if it does not say.</summary>
    public string? ClockSource => tree.Text("sys/devices/system/clocksource/clocksource0/current_clocksource");

    /// <summary>userfaultfd as this process may use it.</summary>
    public UserFaultFeatures UserFault => UserFaultFeatures.Read(tree);

    /// <summary>Whether the caches are flushed on loss of power: what the NVDIMM regions say; null if there are none that say.</summary>
    public bool? HasEadr
    {
        get
        {
            string[] domains = [.. Enumerable.Range(0, 64).Select(region => tree.Text($"sys/bus/nd/devices/region{region}/persistence_domain")).OfType<string>()];
            return domains.Length == 0 ? null : domains.All(domain => domain == "cpu_cache");
        }
    }

    /// <summary>CPUs as the kernel lists them: <c>0-3,8</c>.</summary>
    public static string ListOf(IReadOnlyList<int> cpus)
    {
        var parts = new List<string>();
        for (int i = 0; i < cpus.Count;)
        {
            int first = i;
            while (i + 1 < cpus.Count && cpus[i + 1] == cpus[i] + 1)
            {
                i++;
            }

            parts.Add(first == i ? cpus[i].ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{cpus[first]}-{cpus[i]}"));
            i++;
        }

        return string.Join(',', parts);
    }

    private static int? CountOf(IEnumerable<string?> names)
    {
        string?[] all = [.. names];
        return all.Length > 0 && all.All(name => name is not null) ? all.Distinct().Count() : null;
    }
}
