using DaxEmu.Core.Pmem;
using DaxEmu.Core.Pmem.Media;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;

namespace DaxEmu.Core;

/// <summary>How a device is opened or created.</summary>
public sealed record PmemDeviceOptions
{
    /// <summary>The options that hold if none are given.</summary>
    public static PmemDeviceOptions Default { get; } = new();

    /// <summary>
    /// Whether a new file gets its blocks only where it is first accessed. Otherwise they are reserved at once, and creation fails if
    /// the file system is full.
    /// </summary>
    /// <remarks>
    /// A sparse device can be larger than its file system. The price: a store that finds the file system (or, on tmpfs, the
    /// memory) full raises SIGBUS, which ends the process without an exception.
    /// </remarks>
    public bool Sparse { get; init; }

    /// <summary>How <see cref="PmemDevice.Flush"/> works. An instruction that the CPU lacks is refused when the device is opened.</summary>
    /// <remarks>
    /// By default what the device's granularity demands (<see cref="PersistenceDomain"/>, in libpmem2's words): nothing but the fence where
    /// visible stores are durable, an instruction of the CPU where a cache line is the unit, msync where a page is. On a plain file
    /// msync alone survives a real loss of power; an instruction asked for there models a persistent device, at its speed.
    /// So does the default where nothing could survive anyway: on tmpfs, ramfs and hugetlbfs, on a temporary file, and in memory.
    /// </remarks>
    public FlushMethod Flush { get; init; } = FlushMethod.Automatic;

    /// <summary>
    /// Whether a temporary device keeps a visible path until it is disposed, for other programs to look at. Without it the file has no
    /// name, and not even a killed process leaves it behind.
    /// </summary>
    public bool KeepPath { get; init; }

    /// <summary>Whether to ask the kernel for 2 MiB pages; it may decline (<see cref="DeviceCapabilities.HugePages"/>).</summary>
    public bool PreferHugePages { get; init; } = true;

    /// <summary>
    /// Whether stores, flushes and fences are recorded, so that <c>PowerCutRunner.Cut</c> can say what a power cut leaves. For
    /// tests, on devices of some megabytes, at most 1 GiB: each store is kept until the device is forgotten, and each fence looks for raw stores.
    /// </summary>
    public bool RecordsStores { get; init; }

    /// <summary>As <see cref="RecordsStores"/>, from <see cref="StoreRecorder.Restart"/> on, to buffers of the caller's.</summary>
    internal RecordingBuffers? RecordsTo { get; init; }

    /// <summary>Whether stores through old spans are found; by default not, at no cost. See <c>docs/raw-stores.md</c> for the price.</summary>
    /// <remarks>
    /// Needs UFFD_FEATURE_WP_ASYNC and PAGEMAP_SCAN, so Linux 6.7 or newer; where they are missing, opening the device is refused with
    /// <see cref="DaxEmu.Native.DaxEnvironmentException"/> (<see cref="DeviceCapabilities.StoreTracking"/> says so before). Files of any file system, block
    /// devices and memory without a file can be tracked. The kernel then maps the device with 4 KiB pages, whatever <see cref="PreferHugePages"/> says.
    /// </remarks>
    public StoreTracking StoreTracking { get; init; }

    /// <summary>The medium as which the device behaves; null (the default) for the memory that it lies in, at no cost.</summary>
    /// <remarks>
    /// <para>Charged is what the emulator itself does to the device's memory: <see cref="IPersistentMemory.Read"/>, copies around the caches, zeroing, flushes
    /// and fences, of callers, files and volumes alike. A span of a <see cref="DaxView"/> for reading is charged once, when it is handed out, as a read of all
    /// of it; what is loaded from other spans, pins and real mappings cannot be charged. A store is charged where its line is flushed.</para>
    /// <para>Each charged access counts as one that misses the processor's caches. Under a scheduler nothing waits.</para>
    /// </remarks>
    public MediaProfile? Media { get; init; }

    /// <summary>The time by which <see cref="Media"/> delays; null for the process's.</summary>
    internal IMediaClock? MediaClock { get; init; }

    /// <summary>Where sysfs is; null for the machine's.</summary>
    internal HostTree? Tree { get; init; }

    /// <summary>Ends the reservation of a new file's blocks, which takes a second for some gigabytes; nothing is left then.</summary>
    internal CancellationToken Cancellation { get; init; }

    /// <summary>Whether the device keeps track of what a loss of power would leave (<see cref="PmemDevice.Durable"/>). For checks.</summary>
    internal bool TracksDurable { get; init; }

    /// <summary>With <see cref="TracksDurable"/>: how many pages from the start of each 2 MiB are tracked.</summary>
    internal int DurablePagesPerPmd { get; init; } = DaxConstants.PagesPerPmd;
}
