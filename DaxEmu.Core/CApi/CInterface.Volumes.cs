using System.Globalization;
using System.Runtime.InteropServices;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Library;

namespace DaxEmu.Core.CApi;

/// <content>Volumes: made, mounted, checked.</content>
internal static unsafe partial class CInterface
{
    private const uint MountReadOnly = 1;
    private const uint MountScratch = 2;

    private const uint VolumeIsReadOnly = 1;
    private const uint VolumeIsScratch = 2;

    // A dropped translation's page stays mapped at the real address.
    private const string StaleHostPagesFault = "stale-host-pages";

    private const int IdBytes = 40;
    private const int LabelBytes = 72;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_format")]
    internal static int VolumeFormatDevice(nint device, byte* label) => Call.Do(() => WithUnmounted(device, open =>
    {
        DaxVolume.Format(open.Device, new VolumeOptions { Label = Utf8Text.Optional(label) ?? string.Empty });
        return true;
    }));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_mount")]
    internal static int VolumeMount(nint device, DaxemuMountOptions* options, nint* result) => Make(result, () =>
    {
        DaxemuMountOptions given = CStruct.Read<DaxemuMountOptions>(options, "The options of a mount");
        RequireFlags(given.Flags, MountReadOnly | MountScratch, "a mount");
        return WithUnmounted(device, open => open.Mounted = Mount(open, given));
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_unmount")]
    internal static int VolumeUnmount(nint volume) => Call.Do(() =>
    {
        Handles.Get<OpenVolume>(volume).Unmount();
        _ = Handles.Remove<OpenVolume>(volume);
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_sync")]
    internal static int VolumeSync(nint volume) => Call.Do(() => Handles.Get<OpenVolume>(volume).Volume.Sync());

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_grow")]
    internal static long VolumeGrow(nint volume) => Call.Count(() => Handles.Get<OpenVolume>(volume).Volume.Grow());

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_get_info")]
    internal static int VolumeGetInfo(nint volume, DaxemuVolumeInfo* info) => Call.Do(() =>
    {
        OpenVolume open = Handles.Get<OpenVolume>(volume);
        DaxVolume of = open.Volume;
        var found = new DaxemuVolumeInfo
        {
            Flags = (of.ReadOnlyReason is null ? 0 : VolumeIsReadOnly) | (of.IsScratch ? VolumeIsScratch : 0),
            SizeBytes = of.Device.SizeBytes,
            FreeBytes = of.FreeBytes,
            OpenFiles = open.Files.Length,
            Mappings = MappedFiles.CountOf(open),
        };
        Utf8Text.Copy(of.Id.ToString(), new Span<byte>(found.Id, IdBytes));
        Utf8Text.Copy(of.Label, new Span<byte>(found.Label, LabelBytes));
        CStruct.Write(found, info, "The info of a volume");
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_check")]
    internal static int VolumeCheck(nint device, nint* result) => Make(result, () =>
    {
        OpenDevice open = Handles.Get<OpenDevice>(device);
        lock (open.Gate)
        {
            return new OpenReport(DaxVolume.Check(open.Device));
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_repair")]
    internal static int VolumeRepair(nint device, nint* result) => Make(
        result, () => WithUnmounted(device, open => new OpenReport(DaxVolume.Repair(open.Device))));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_report_get_info")]
    internal static int ReportGetInfo(nint report, DaxemuReportInfo* info) => Call.Do(() =>
    {
        VolumeReport of = Handles.Get<OpenReport>(report).Report;
        CStruct.Write(
            new DaxemuReportInfo
            {
                Refusal = of.Refusal is { } refusal ? (int)refusal + 1 : 0,
                Problems = of.Problems.Count,
                Repairs = of.Repairs.Count,
                SizeBytes = of.SizeBytes,
                FreeBytes = of.FreeBytes,
                Files = of.FileCount,
                Directories = of.DirectoryCount,
                Extents = of.ExtentCount,
                MetadataBytes = of.MetadataBytes,
            },
            info,
            "The info of a report");
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_report_problem")]
    internal static long ReportProblem(nint report, long number, byte* buffer, nuint size) => Call.Count(
        () => Utf8Text.Give(At(Handles.Get<OpenReport>(report).Report.Problems, number).ToString(), buffer, size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_report_repair")]
    internal static long ReportRepair(nint report, long number, byte* buffer, nuint size) => Call.Count(
        () => Utf8Text.Give(At(Handles.Get<OpenReport>(report).Report.Repairs, number), buffer, size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_report_free")]
    internal static int ReportFree(nint report) => Call.Do(() => _ = Handles.Remove<OpenReport>(report));

    private static OpenVolume Mount(OpenDevice open, in DaxemuMountOptions given)
    {
        var events = new EventSwitch();
        var files = new DaxFileOptions
        {
            Profile = WaitProfiles.ByName(Utf8Text.Optional(given.Profile) ?? WaitProfiles.Fixed.Name),
            Behaviour = KernelBehaviour.ByName(Utf8Text.Optional(given.Kernel) ?? KernelBehaviour.Linux612.Name),
            FileSystem = FileSystemModel.ByName(Utf8Text.Optional(given.FileSystem) ?? FileSystemModel.Xfs.Name),
            MaximumSizeBytes = given.MaximumFileBytes == 0 ? DaxFileOptions.Default.MaximumSizeBytes : given.MaximumFileBytes,
            WaitsForPins = given.PinTimeoutMs >= 0,
            PinTimeout = given.PinTimeoutMs <= 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(given.PinTimeoutMs),
            FaultHold = TimeSpan.FromTicks(given.FaultHoldNs / NanosecondsPerTick),
            Sink = events,
        };
        ArgumentOutOfRangeException.ThrowIfNegative(given.FaultAroundBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(given.FaultHoldNs);
        string? fault = Utf8Text.Optional(given.PlantedFault);
        var options = new VolumeOptions
        {
            ReadOnly = (given.Flags & MountReadOnly) != 0,
            Flaws = FlawNamed(fault),
        };
        DaxVolume volume = (given.Flags & MountScratch) != 0 ? DaxVolume.ScratchOf(open.Device) : DaxVolume.Mount(open.Device, options);
        var mappings = new HostMappingOptions { FaultAroundBytes = given.FaultAroundBytes, KeepsDropped = fault == StaleHostPagesFault };
        return new OpenVolume(open, volume, files, mappings, events);
    }

    // Historic bugs, for those who show that a test of theirs would find one.
    private static VolumeFlaws FlawNamed(string? name)
    {
        if (string.IsNullOrEmpty(name) || name == StaleHostPagesFault)
        {
            return VolumeFlaws.None;
        }

        return Enum.GetValues<VolumeFlaws>().Where(flaw => KebabCase(flaw.ToString()) == name).Select(flaw => (VolumeFlaws?)flaw).FirstOrDefault()
            ?? throw new ArgumentException(
                $"There is no planted fault '{name}'. Choose one of: {string.Join(", ", Enum.GetNames<VolumeFlaws>().Skip(1).Select(KebabCase).Append(StaleHostPagesFault))}.");
    }

    private static string KebabCase(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i == 0 ? "" : "-") + char.ToLower(c, CultureInfo.InvariantCulture) : c.ToString()));

    private static T At<T>(IReadOnlyList<T> all, long number) => number >= 0 && number < all.Count
        ? all[(int)number]
        : throw new ArgumentException($"There is no number {number}: it counts from 0, and there are {all.Count}.");

    private static T WithUnmounted<T>(nint device, Func<OpenDevice, T> work)
    {
        OpenDevice open = Handles.Get<OpenDevice>(device);
        lock (open.Gate)
        {
            return open.Mounted is null
                ? work(open)
                : throw new IOException($"The volume on {open.Device.Name} is mounted. Unmount it first.", Errno.Ebusy);
        }
    }
}
