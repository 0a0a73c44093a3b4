using DaxEmu.Native;

namespace DaxEmu.Core;

/// <summary>
/// From where on a store survives a loss of power, in the words of libpmem2's granularity: the unit in which data must be pushed.
/// It decides how a device flushes unless the options say how (<see cref="PmemDeviceOptions.Flush"/>).
/// </summary>
public enum PersistenceDomain
{
    /// <summary>Nothing survives: memory without a file. Flushed by instructions, to model a persistent device.</summary>
    None,

    /// <summary>A store that is visible is durable: the caches are flushed on loss of power (eADR). Only the fence is left.</summary>
    Byte,

    /// <summary>A flushed cache line is durable once the fence is passed: a DAX file with MAP_SYNC.</summary>
    CacheLine,

    /// <summary>
    /// A page is durable once msync wrote it back: a plain file, or a block device without DAX. On tmpfs, ramfs and hugetlbfs msync does
    /// nothing: their content survives the process but no loss of power, so they are flushed as memory without a file.
    /// </summary>
    Page,
}

/// <summary>Finds the persistence domain of a file.</summary>
internal static class PersistenceDomains
{
    /// <summary>Why a device has its domain, in one clause.</summary>
    public static string ReasonFor(PersistenceDomain domain, FeatureSupport mapSync) => domain switch
    {
        PersistenceDomain.None => "there is no file behind the memory",
        PersistenceDomain.Byte => "the file is mapped with MAP_SYNC, and every NVDIMM region says that the caches are flushed on loss of power (cpu_cache)",
        PersistenceDomain.CacheLine => "the file is mapped with MAP_SYNC, and not every NVDIMM region says that the caches are flushed on loss of power",
        _ => $"the file is not mapped with MAP_SYNC ({mapSync.Reason}), so only msync makes a page durable",
    };

    /// <summary>
    /// The domain of a file. Whether the caches belong to it is asked of the NVDIMM regions: all must say <c>cpu_cache</c>, since a file
    /// does not show on which of them it lies.
    /// </summary>
    public static PersistenceDomain OfFile(bool isMapSync, string regionsDirectory = "/sys/bus/nd/devices")
    {
        if (!isMapSync)
        {
            return PersistenceDomain.Page;
        }

        try
        {
            string[] regions = Directory.Exists(regionsDirectory) ? Directory.GetDirectories(regionsDirectory, "region*") : [];
            bool isByte = regions.Length > 0
                && regions.All(region => File.ReadAllText(Path.Combine(region, "persistence_domain")).Trim() == "cpu_cache");
            return isByte ? PersistenceDomain.Byte : PersistenceDomain.CacheLine;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // A region that does not say is taken for the weaker promise.
            return PersistenceDomain.CacheLine;
        }
    }
}
