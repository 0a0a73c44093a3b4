using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Memory;

/// <summary>Says which pages of a mapping were stored to since they were last looked at, by whatever pointer.</summary>
/// <remarks>
/// <para>
/// userfaultfd in the mode WP_ASYNC: every page is write-protected, the kernel itself lifts that at the first store and remembers it; no fault
/// is handed to this process, so nothing can wait for itself. PAGEMAP_SCAN reports the pages that were stored to and protects them again.
/// </para>
/// <para>
/// A scan changes each page's translation under the lock of its page table, and invalidates it on every processor before it returns. So
/// a store either used the old translation, and is visible to all when the scan returns (and the scan reports its page), or meets the
/// protection, and the next scan reports its page. No store falls between two scans.
/// </para>
/// <para>The kernel maps tracked memory with 4 KiB pages. Other mappings of the same file are not tracked.</para>
/// </remarks>
internal sealed unsafe class WriteTracker : IDisposable
{
    private const int RegionCapacity = 128;
    private static readonly Lazy<FeatureSupport> Probed = new(Probe);

    private readonly SafeFileHandle faults;
    private readonly SafeFileHandle pagemap;
    private readonly nint start;

    private WriteTracker(SafeFileHandle faults, SafeFileHandle pagemap, nint start)
    {
        this.faults = faults;
        this.pagemap = pagemap;
        this.start = start;
    }

    /// <summary>Whether the kernel offers it to this process: tried out once, on a page of its own.</summary>
    public static FeatureSupport Support => Probed.Value;

    /// <summary>Tracks a mapping from now on: no page of it counts as stored to.</summary>
    /// <param name="region">The mapping, which must stay until the tracker is disposed.</param>
    /// <exception cref="DaxEnvironmentException">The kernel cannot; the message says what it lacks.</exception>
    public static WriteTracker Begin(MappedRegion region) =>
        TryBegin(region.Base, region.LengthBytes, out string refusal, out int errno) ?? throw Refused(refusal, errno);

    /// <summary>Refuses tracking where <see cref="Support"/> says that there is none.</summary>
    /// <exception cref="DaxEnvironmentException">There is none; the message says what the kernel lacks.</exception>
    public static void RequireSupport()
    {
        if (!Support.IsSupported)
        {
            throw Refused(Support.Reason, 0);
        }
    }

    /// <summary>Reports each run of pages that was stored to since the last scan, and forgets it.</summary>
    /// <param name="offsetBytes">Where it begins; a multiple of 4096.</param>
    /// <param name="lengthBytes">How far it goes; a multiple of 4096.</param>
    /// <param name="report">Gets the first byte and the length of each run.</param>
    public void Scan(long offsetBytes, long lengthBytes, Action<long, long> report)
    {
        int errno = TryScan(offsetBytes, lengthBytes, report);
        if (errno != 0)
        {
            throw new DaxEnvironmentException(
                $"cannot read which pages were stored to: {Explain("PAGEMAP_SCAN", errno)}", "Open the device without tracking of stores.", errno);
        }
    }

    /// <summary>Ends it: the kernel lifts the protection.</summary>
    public void Dispose()
    {
        faults.Dispose();
        pagemap.Dispose();
    }

    private int TryScan(long offsetBytes, long lengthBytes, Action<long, long> report)
    {
        PageScanRegion* regions = stackalloc PageScanRegion[RegionCapacity];
        ulong end = (ulong)(start + (nint)offsetBytes + (nint)lengthBytes);
        var scan = new PageScan
        {
            Size = (ulong)sizeof(PageScan),
            Flags = UserFault.ScanFlags,
            Start = (ulong)(start + (nint)offsetBytes),
            End = end,
            Regions = regions,
            RegionCapacity = RegionCapacity,
            Mask = UserFault.PageIsWritten,
            Returned = UserFault.PageIsWritten,
        };
        while (scan.Start < end)
        {
            int count = UserFault.Control(pagemap, UserFault.IoctlScan, &scan);
            if (count < 0)
            {
                return Marshal.GetLastPInvokeError();
            }

            foreach (PageScanRegion found in new ReadOnlySpan<PageScanRegion>(regions, count))
            {
                report((long)found.Start - start, (long)(found.End - found.Start));
            }

            scan.Start = scan.WalkEnd;
        }

        return 0;
    }

    private static WriteTracker? TryBegin(nint start, long lengthBytes, out string refusal, out int errno)
    {
        var faults = new SafeFileHandle(UserFault.Open(), ownsHandle: true);
        if (faults.IsInvalid)
        {
            errno = Marshal.GetLastPInvokeError();
            refusal = Explain("userfaultfd", errno);
            return null;
        }

        // Pages that are not there yet get a mark in the page table, so that a load that makes one real is not taken for a store.
        var api = new UserFaultApi { Api = UserFault.ApiVersion, Features = UserFault.Features };
        var range = new UserFaultRange { Start = (ulong)start, Length = (ulong)lengthBytes, Mode = UserFault.ModeWriteProtect };
        var protect = new UserFaultRange { Start = (ulong)start, Length = (ulong)lengthBytes, Mode = UserFault.Protect };
        string? failed = UserFault.Control(faults, UserFault.IoctlApi, &api) != 0 ? "UFFD_FEATURE_WP_ASYNC"
            : UserFault.Control(faults, UserFault.IoctlRegister, &range) != 0 ? "UFFDIO_REGISTER"
            : UserFault.Control(faults, UserFault.IoctlWriteProtect, &protect) != 0 ? "UFFDIO_WRITEPROTECT"
            : null;
        errno = failed is null ? 0 : Marshal.GetLastPInvokeError();
        refusal = failed is null ? string.Empty : Explain(failed, errno);
        try
        {
            if (failed is null)
            {
                return new WriteTracker(faults, File.OpenHandle("/proc/self/pagemap"), start);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            refusal = $"/proc/self/pagemap cannot be read: {failure.Message.TrimEnd('.')}";
        }

        faults.Dispose();
        return null;
    }

    /// <summary>Why a step was refused, without a full stop.</summary>
    internal static string Explain(string step, int errno) => (step, errno) switch
    {
        ("userfaultfd", Errno.Enosys) => "this kernel has no userfaultfd",
        ("userfaultfd", Errno.Eperm) => "the system does not permit userfaultfd here; the seccomp profile of a container may forbid it",
        ("UFFD_FEATURE_WP_ASYNC", Errno.Einval) => "this kernel does not know UFFD_FEATURE_WP_ASYNC, which Linux has from 6.7 on",
        ("PAGEMAP_SCAN", Errno.Enotty or Errno.Einval) => "this kernel does not know PAGEMAP_SCAN, which Linux has from 6.7 on",
        _ => $"{step} was refused: {Errno.Describe(errno)}",
    };

    private static DaxEnvironmentException Refused(string reason, int errno) =>
        new($"cannot track stores: {reason}", "Use Linux 6.7 or newer, or open the device without tracking of stores.", errno);

    // All of it, on a page of its own: a store must be seen once, a load never.
    private static FeatureSupport Probe()
    {
        const int lengthBytes = 2 * 4096;
        nint memory = Mman.Mmap(0, lengthBytes, MmapProt.Read | MmapProt.Write, MmapFlags.Private | MmapFlags.Anonymous, -1, 0);
        if (memory == Mman.MapFailed)
        {
            return new FeatureSupport(false, "no memory is left to try it");
        }

        try
        {
            using WriteTracker? tracker = TryBegin(memory, lengthBytes, out string refusal, out _);
            if (tracker is null)
            {
                return new FeatureSupport(false, refusal);
            }

            _ = Marshal.ReadByte(memory);
            Marshal.WriteByte(memory + 4096, 1);
            var seen = new List<(long Offset, long Length)>();
            for (int round = 0; round < 2; round++)
            {
                int errno = tracker.TryScan(0, lengthBytes, (offset, length) => seen.Add((offset, length)));
                if (errno != 0)
                {
                    return new FeatureSupport(false, Explain("PAGEMAP_SCAN", errno));
                }
            }

            return seen is [(4096, 4096)]
                ? new FeatureSupport(true, "the kernel has UFFD_FEATURE_WP_ASYNC and PAGEMAP_SCAN")
                : new FeatureSupport(false, $"after one store the kernel reports {seen.Count} runs of pages");
        }
        finally
        {
            _ = Mman.Munmap(memory, lengthBytes);
        }
    }
}
