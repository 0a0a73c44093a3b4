using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mm;

/// <summary>The zero page and the huge zero page: 2 MiB that read as zeroes and cannot be written.</summary>
internal static class ZeroMemory
{
    private static readonly ReservedRegion Region = Make();

    /// <summary>First byte; the memory lives as long as the process.</summary>
    public static nint Base => Region.Base;

    private static ReservedRegion Make()
    {
        ReservedRegion region = ReservedRegion.Reserve(DaxConstants.PmdSize);
        region.ProtectReadOnly();
        return region;
    }
}
