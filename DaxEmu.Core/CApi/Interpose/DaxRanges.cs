using DaxEmu.Core.Dax.Faults;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Addresses of the program behind which a file of the volume is mapped.</summary>
internal static class DaxRanges
{
    /// <summary>Whether there is any.</summary>
    public static bool AreThere => HostMapping.AreThere;

    /// <summary>Whether some byte of a range lies in a mapping.</summary>
    public static bool Overlaps(nint address, long length) => AreThere && HostMapping.Overlaps(address, length);

    /// <summary>Faults a page in, as the processor would.</summary>
    /// <returns>Why it cannot be reached; <see cref="IoError.ReadOnly"/> also if no file is mapped there.</returns>
    public static IoError Access(nint address, bool isWrite) => HostMapping.Find(address)?.Access(address, isWrite) ?? IoError.ReadOnly;

    /// <summary>Faults all pages of a range in that lie in mappings, up to the first that cannot be.</summary>
    /// <returns>Whether there was one, and none failed.</returns>
    public static bool AccessAll(nint address, long length, bool isWrite)
    {
        bool isAny = false;
        foreach (HostAddresses part in HostMapping.InRange(address, (nint)length))
        {
            if (part.Mapping.Populate(part.Start, part.Length, isWrite, out _) != IoError.None)
            {
                return false;
            }

            isAny = true;
        }

        return isAny;
    }
}
