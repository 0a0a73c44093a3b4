using System.CommandLine;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Running;
using DaxEmu.Core;
using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;
using Spectre.Console;
using static System.FormattableString;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu info PATH</c>: what a path offers to a device, and what the machine around it does.</summary>
internal static class InfoCommand
{
    private const int Columns = 80;
    private const long SampleBytes = 4 << 20;

    public static Command Create()
    {
        var path = new Argument<string>("PATH") { Description = "a file on tmpfs, hugetlbfs or a DAX file system, a directory, in which a file of 4 MiB without a name is tried, a block device such as /dev/pmem0, or a device-DAX device such as /dev/dax0.0" };
        Option<OutputFormat> format = CommandOptions.Format();
        var command = new Command(
            "info",
            "What a path offers to a device: its kind, size, MAP_SYNC and why not, the pages that a mapping really gets, switches of huge pages, flush instructions, CPUs, userfaultfd, clock. "
            + "Nothing is changed.\n\nExamples:\n  daxemu info /dev/shm\n  daxemu info /mnt/pmem/device")
        {
            path,
            format,
        };
        CommandFrame.SetAction(command, (parsed, _) => Run(parsed.GetRequiredValue(path), parsed.GetValue(format) == OutputFormat.Json));
        return command;
    }

    private static ExitCode Run(string path, bool isJson)
    {
        InfoDocument info = Directory.Exists(path) ? LookInto(Path.GetFullPath(path), HostTree.Machine) : Look(path, HostTree.Machine);
        if (isJson)
        {
            Console.WriteLine(JsonText.Of(info, DocumentJson.Default.InfoDocument));
            return ExitCode.Success;
        }

        IAnsiConsole console = ConsoleWidth.Terminal();
        console.Profile.Width = Math.Min(console.Profile.Width, Columns);
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        foreach ((string name, string? value) in Rows(info).Where(row => row.Value is not null))
        {
            grid.AddRow(new Text(name), new Text(Printable.Of(value!)));
        }

        console.Write(grid);
        return ExitCode.Success;
    }

    // What a device would be that is made there.
    private static InfoDocument LookInto(string directory, HostTree tree)
    {
        using NamelessFile sample = NamelessFile.Create(SampleBytes, directory);
        File.WriteAllBytes(sample.Path, new byte[SampleBytes]); // so that a mapping gets real pages
        return Look(sample.Path, tree) with { Path = directory, Kind = "directory, and a file in it" };
    }

    /// <summary>Looks at a path and at the machine.</summary>
    internal static InfoDocument Look(string path, HostTree tree)
    {
        DeviceFacts facts = DeviceProbe.Probe(path, tree);
        DeviceCapabilities offers = facts.Capabilities;
        var host = new HostEnvironment(tree);
        UserFaultFeatures userFault = host.UserFault;
        using DeviceFile file = DeviceFile.OpenForProbe(facts.Path, tree);
        MappedPages? mapped = MappedPages.TryProbe(file, out string? refusal);
        return new InfoDocument
        {
            Path = facts.Path,
            Kind = offers.IsDeviceDax ? "device-DAX device" : offers.IsBlockDevice ? "block device" : "file",
            FileSystem = offers.FileSystem.ToString(),
            Size = facts.SizeBytes,
            SizeProblem = facts.SizeProblem,
            Align = facts.AlignmentBytes,
            Available = facts.AvailableBytes,
            InUse = facts.IsInUse,
            PersistenceDomain = facts.Domain.ToString(),
            PersistenceReason = PersistenceDomains.ReasonFor(facts.Domain, offers.MapSync),
            MapSync = offers.MapSync.IsSupported,
            MapSyncReason = offers.MapSync.Reason,
            HugePages = offers.HugePages.IsSupported,
            HugePagesReason = offers.HugePages.Reason,
            PageSizes = [.. offers.PageSizesBytes],
            StoreTracking = offers.StoreTracking.IsSupported,
            StoreTrackingReason = offers.StoreTracking.Reason,
            Flush = offers.Flush.ToString(),
            NumaNode = offers.NumaNode,
            TargetNode = offers.TargetNode,
            BadBytes = facts.BadBytes,
            Mapped = mapped is { } got ? new InfoMapped { Bytes = got.MappedBytes, KernelPage = got.KernelPageBytes, HugeBytes = got.HugeBytes } : null,
            MappedReason = refusal,
            Switches = new InfoSwitches
            {
                ThpEnabled = host.HugePageSwitch("enabled"),
                ThpShmemEnabled = host.HugePageSwitch("shmem_enabled"),
                MountHuge = offers.FileSystem == FileSystemKind.Tmpfs ? MountOptions.Find(file.DeviceNumber, "huge") : null,
                Hugepages = host.HugePagePool?.Total,
                HugepagesFree = host.HugePagePool?.Free,
            },
            Cpu = new InfoCpu
            {
                Model = MachineFacts.CpuModel,
                Allowed = HostEnvironment.ListOf(HostEnvironment.AllowedCpus),
                Count = HostEnvironment.AllowedCpus.Count,
                Cores = host.Cores,
                Sockets = host.Sockets,
                NumaNodes = host.NumaNodes,
                LastLevelCache = host.LastLevelCache,
                FlushInstructions = HostEnvironment.FlushInstructions,
                Eadr = host.HasEadr,
            },
            Userfaultfd = new InfoUserfaultfd { Usable = userFault.Refusal is null, Reason = userFault.Refusal, Features = userFault.Names },
            Clock = new InfoClock { Source = host.ClockSource, CostNs = Math.Round(MachineControl.TimerCostNs(), 1) },
        };
    }

    private static IEnumerable<(string Name, string? Value)> Rows(InfoDocument info)
    {
        yield return ("path", info.Path);
        yield return ("kind", info.Kind);
        yield return ("file system", info.FileSystem);
        yield return ("size", Invariant($"{info.Size}"));
        yield return ("size problem", info.SizeProblem);
        yield return ("align", Invariant($"{info.Align}"));
        yield return ("available", info.Available is { } left ? Invariant($"{left}") : null);
        yield return ("in use", info.InUse ? "yes" : "no");
        yield return ("NUMA node", info.NumaNode is { } node ? Invariant($"{node}") : null);
        yield return ("target node", info.TargetNode is { } target ? Invariant($"{target}") : null);
        yield return ("bad blocks", info.BadBytes > 0 ? Invariant($"{info.BadBytes} bytes") : null);
        yield return ("persistence domain", $"{info.PersistenceDomain}: {info.PersistenceReason}");
        yield return ("MAP_SYNC", Answer(info.MapSync, info.MapSyncReason));
        yield return ("2 MiB pages", Answer(info.HugePages, info.HugePagesReason));
        yield return ("a mapping got", info.Mapped is { } mapped
            ? Invariant($"{mapped.Bytes} bytes in pages of {Math.Max(mapped.KernelPage, 4096)}, of which 2 MiB translations cover {mapped.HugeBytes}")
            : $"none: {info.MappedReason}");
        yield return ("huge-page switches", $"enabled {info.Switches.ThpEnabled ?? "-"}, shmem_enabled {info.Switches.ThpShmemEnabled ?? "-"}, mount option huge={info.Switches.MountHuge ?? "(none)"}"
            + (info.Switches.Hugepages is { } pool ? Invariant($"; hugetlbfs pool {pool} pages, {info.Switches.HugepagesFree} free") : string.Empty));
        yield return ("flush", $"{info.Flush} (the CPU has {string.Join(", ", info.Cpu.FlushInstructions)}; eADR: {(info.Cpu.Eadr is { } eadr ? eadr ? "yes" : "no" : "unknown, there is no NVDIMM region that says")})");
        yield return ("store tracking", Answer(info.StoreTracking, info.StoreTrackingReason));
        yield return ("CPUs", Invariant($"{info.Cpu.Count} ({info.Cpu.Allowed}), {Count(info.Cpu.Cores, "core")}, {Count(info.Cpu.Sockets, "socket")}, NUMA nodes {info.Cpu.NumaNodes ?? "unknown"}, last-level cache {info.Cpu.LastLevelCache ?? "unknown"}; {info.Cpu.Model ?? "model unknown"}"));
        yield return ("userfaultfd", info.Userfaultfd.Usable ? string.Join(' ', info.Userfaultfd.Features) : $"no: {info.Userfaultfd.Reason}");
        yield return ("clock", Invariant($"{info.Clock.Source ?? "unknown source"}, a reading costs {info.Clock.CostNs:0.0} ns"));
    }

    private static string Answer(bool isYes, string? reason) => $"{(isYes ? "yes" : "no")}: {reason}";

    private static string Count(int? count, string unit) => count is { } known ? Invariant($"{known} {unit}{(known == 1 ? string.Empty : "s")}") : $"unknown {unit}s";
}
