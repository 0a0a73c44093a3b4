using System.Runtime.InteropServices;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Library;

namespace DaxEmu.Core.CApi;

/// <content>Devices, and the pages of them that are lost.</content>
internal static unsafe partial class CInterface
{
    private const uint DeviceSparse = 1;
    private const uint DeviceKeepPath = 2;
    private const uint DeviceSmallPages = 4;

    private const uint DeviceIsBlock = 1;
    private const uint DeviceHasMapSync = 2;
    private const uint DeviceHasHugePages = 4;
    private const uint DeviceIsMounted = 8;

    private const int FileSystemNameBytes = 32;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_open")]
    internal static int DeviceOpen(byte* path, DaxemuDeviceOptions* options, nint* result) => Make(
        result, () => new OpenDevice(PmemDevice.Open(Utf8Text.Required(path, "The path"), OptionsOf(options))));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_create")]
    internal static int DeviceCreate(byte* path, long size, DaxemuDeviceOptions* options, nint* result) => Make(
        result, () => new OpenDevice(PmemDevice.Create(Utf8Text.Required(path, "The path"), size, OptionsOf(options))));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_create_temporary")]
    internal static int DeviceCreateTemporary(long size, DaxemuDeviceOptions* options, nint* result) => Make(
        result, () => new OpenDevice(PmemDevice.CreateTemporary(size, OptionsOf(options))));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_close")]
    internal static int DeviceClose(nint device) => Call.Do(() =>
    {
        OpenDevice open = Handles.Get<OpenDevice>(device);
        lock (open.Gate)
        {
            if (open.Mounted is not null)
            {
                throw new IOException($"The volume on {open.Device.Name} is mounted. Unmount it first.", Errno.Ebusy);
            }

            Handles.Remove<OpenDevice>(device).Device.Dispose();
        }
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_get_info")]
    internal static int DeviceGetInfo(nint device, DaxemuDeviceInfo* info) => Call.Do(() =>
    {
        OpenDevice open = Handles.Get<OpenDevice>(device);
        PmemDevice of = open.Device;
        CStruct.Write(
            InfoOf(of.SizeBytes, of.Capabilities, of.PersistenceDomain, of.PoisonList.Snapshot().Count, open.Mounted is not null ? DeviceIsMounted : 0), info, "The info of a device");
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_probe")]
    internal static int DeviceProbePath(byte* path, DaxemuDeviceInfo* info) => Call.Do(() =>
    {
        DeviceFacts facts = DeviceProbe.Probe(Utf8Text.Required(path, "The path"));
        CStruct.Write(InfoOf(facts.SizeBytes, facts.Capabilities, facts.Domain, 0, 0), info, "The info of a device");
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_name")]
    internal static long DeviceName(nint device, byte* buffer, nuint size) =>
        Call.Count(() => Utf8Text.Give(Handles.Get<OpenDevice>(device).Device.Name, buffer, size));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_flush")]
    internal static int DeviceFlush(nint device, long offset, long length) => WithDevice(device, held => held.Flush(offset, length));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_drain")]
    internal static int DeviceDrain(nint device) => WithDevice(device, held => held.Drain());

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_persist")]
    internal static int DevicePersist(nint device, long offset, long length) => WithDevice(device, held => held.Persist(offset, length));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_list_poison")]
    internal static long DeviceListPoison(nint device, long* pages, nuint capacity) => Call.Count(() =>
    {
        IReadOnlyList<Pfn> lost = Handles.Get<OpenDevice>(device).Device.PoisonList.Snapshot();
        GiveAll([.. lost.Select(page => page.Value)], pages, capacity);
        return lost.Count;
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_device_clear_poison")]
    internal static long DeviceClearPoison(nint device, long firstPage, long pageCount) => Call.Count(
        () => Handles.Get<OpenDevice>(device).Device.PoisonList.Clear(new Pfn(firstPage), pageCount));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_volume_poison")]
    internal static int VolumePoison(nint volume, long page) => Call.Do(
        () => _ = Handles.Get<OpenVolume>(volume).Volume.InjectPoison(new Pfn(page)));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_file_poison")]
    internal static int FilePoison(nint file, long offset) => Call.Do(() =>
    {
        DaxFile open = Handles.Get<OpenFile>(file).File;
        bool hasBlock = open.ExtentList.Any(e => e.Contains(PageIndex.FromBytes(offset)) && !e.ReadsAsZeroes);
        _ = hasBlock ? open.InjectPoison(offset) : throw new IOException($"There is no written block behind byte {offset} of {open}, so none can be lost.", Errno.Enxio);
    });

    // The memory stays mapped and the device open for the time of the call, whatever another thread closes.
    private static int WithDevice(nint device, Action<PmemDevice> work) => Call.Do(() =>
    {
        OpenDevice open = Handles.Get<OpenDevice>(device);
        lock (open.Gate)
        {
            work(open.Device);
        }
    });

    // As many as the array holds; the caller learns how many there are.
    private static void GiveAll<T>(ReadOnlySpan<T> all, T* array, nuint capacity)
        where T : unmanaged
    {
        int fits = (int)Math.Min((ulong)all.Length, capacity);
        if (fits > 0)
        {
            CallerMemory.Required(array, "The array");
            CallerMemory.Write(array, MemoryMarshal.AsBytes(all[..fits]));
        }
    }

    private static PmemDeviceOptions OptionsOf(DaxemuDeviceOptions* options)
    {
        DaxemuDeviceOptions given = CStruct.Read<DaxemuDeviceOptions>(options, "The options of a device");
        RequireFlags(given.Flags, DeviceSparse | DeviceKeepPath | DeviceSmallPages, "a device");
        return new PmemDeviceOptions
        {
            Sparse = (given.Flags & DeviceSparse) != 0,
            KeepPath = (given.Flags & DeviceKeepPath) != 0,
            PreferHugePages = (given.Flags & DeviceSmallPages) == 0,
            Flush = Known((FlushMethod)given.Flush, "a flush method"),
        };
    }

    private static T Known<T>(T value, string what)
        where T : struct, Enum => Enum.IsDefined(value) ? value : throw new ArgumentException($"{value:d} is not {what}. Use a constant of daxemu.h.");

    private static void RequireFlags(uint flags, uint known, string what)
    {
        if ((flags & ~known) != 0)
        {
            throw new ArgumentException($"The flags 0x{flags:x} of {what} have bits that mean nothing. Use the constants of daxemu.h.");
        }
    }

    private static DaxemuDeviceInfo InfoOf(long sizeBytes, DeviceCapabilities capabilities, PersistenceDomain domain, long poisoned, uint flags)
    {
        var info = new DaxemuDeviceInfo
        {
            Flags = flags
                | (capabilities.IsBlockDevice ? DeviceIsBlock : 0)
                | (capabilities.MapSync.IsSupported ? DeviceHasMapSync : 0)
                | (capabilities.HugePages.IsSupported ? DeviceHasHugePages : 0),
            SizeBytes = sizeBytes,
            Flush = (int)capabilities.Flush,
            PersistenceDomain = (int)domain,
            PoisonedPages = poisoned,
        };
        Utf8Text.Copy(capabilities.FileSystem.ToString().ToLowerInvariant(), new Span<byte>(info.FileSystem, FileSystemNameBytes));
        return info;
    }
}
