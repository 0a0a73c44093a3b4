using System.Globalization;
using System.Runtime.InteropServices;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Memory;

/// <summary>The pages that a mapping of a file really got, from <c>/proc/self/smaps</c>.</summary>
/// <param name="MappedBytes">How much was mapped and read.</param>
/// <param name="KernelPageBytes">The kernel's page size of the mapping: larger than 4096 for hugetlbfs and device-DAX.</param>
/// <param name="HugeBytes">How much of it 2 MiB translations cover.</param>
internal readonly record struct MappedPages(long MappedBytes, long KernelPageBytes, long HugeBytes)
{
    private const long PmdBytes = 2 << 20;
    private const long MostBytes = 8 << 20;

    /// <summary>Maps data of a file for reading at a 2 MiB boundary and reads every page. Nothing changes: holes are passed over.</summary>
    /// <param name="file">The file.</param>
    /// <param name="refusal">Why nothing could be mapped.</param>
    /// <returns>What the mapping got; null if there is none.</returns>
    public static unsafe MappedPages? TryProbe(DeviceFile file, out string? refusal)
    {
        (long offset, long length) = file.IsDeviceDax ? (0, Math.Min(file.SizeBytes, Math.Max(file.MapAlignBytes, PmdBytes))) : FirstData(file);
        if (length <= 0)
        {
            refusal = "it has no 2 MiB of data that could be read without making blocks";
            return null;
        }

        long align = Math.Max(PmdBytes, file.MapAlignBytes);
        using var reserved = ReservedRegion.Reserve(length + align);
        nint at = (reserved.Base + (nint)align - 1) & -(nint)align;
        bool added = false;
        try
        {
            file.Handle.DangerousAddRef(ref added);

            // SAFETY: MAP_FIXED replaces only addresses that the reservation owns; it is given back as a whole, with this mapping in it.
            if (Mman.Mmap(at, (nuint)length, MmapProt.Read, MmapFlags.Shared | MmapFlags.Fixed, (int)file.Handle.DangerousGetHandle(), offset) == Mman.MapFailed)
            {
                refusal = $"mmap was refused: {Errno.Describe(Marshal.GetLastPInvokeError())}";
                return null;
            }
        }
        finally
        {
            if (added)
            {
                file.Handle.DangerousRelease();
            }
        }

        _ = Mman.Madvise(at, (nuint)length, MemoryAdvice.HugePage); // a hint, as a device gives it
        if (Mman.Madvise(at, (nuint)length, MemoryAdvice.PopulateRead) != 0)
        {
            refusal = $"it could not be read: {Errno.Describe(Marshal.GetLastPInvokeError())}";
            return null;
        }

        refusal = null;
        return Of(File.ReadLines("/proc/self/smaps"), at, at + (nint)length);
    }

    /// <summary>As smaps has it, on given lines.</summary>
    internal static MappedPages Of(IEnumerable<string> lines, long start, long end)
    {
        string[] all = [.. lines];
        long kernelPage = 0;
        bool isInside = false;
        foreach (string line in all)
        {
            if (HugePageProof.RangeOf(line) is var (from, to))
            {
                isInside = from < end && to > start;
            }
            else if (isInside && line.StartsWith("KernelPageSize:", StringComparison.Ordinal))
            {
                kernelPage = Math.Max(kernelPage, long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10);
            }
        }

        long huge = kernelPage >= PmdBytes ? end - start : HugePageProof.MappedBytes(all, start, end);
        return new MappedPages(end - start, kernelPage, huge);
    }

    // Whole 2 MiB of data, as far as they go on.
    private static (long OffsetBytes, long LengthBytes) FirstData(DeviceFile file)
    {
        long pieceBytes = Math.Max(PmdBytes, file.MapAlignBytes);
        for (long from = 0; from < file.SizeBytes;)
        {
            (long first, long end) = DataSegments.Next(file.Handle, from, file.SizeBytes);
            long offset = (first + pieceBytes - 1) / pieceBytes * pieceBytes;
            if (end - offset >= pieceBytes)
            {
                return (offset, Math.Max(pieceBytes, Math.Min(MostBytes, (end - offset) / pieceBytes * pieceBytes)));
            }

            from = Math.Max(end, from + 1);
        }

        return (0, 0);
    }
}
