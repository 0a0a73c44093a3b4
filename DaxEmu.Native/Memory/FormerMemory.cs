using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Memory;

/// <summary>What becomes of the addresses of memory that was given back.</summary>
/// <remarks>
/// They are unmapped, so that the kernel gives them to the next mapping, which a use of the old one would then meet. With the switch
/// on (in tests) they stay reserved without any right instead: such a use ends the process where it happens. The oldest are given up when they
/// become too many. Neighbours are one mapping to the kernel, so they hardly count against <c>vm.max_map_count</c>.
/// </remarks>
internal static class FormerMemory
{
    /// <summary>The name under which <see cref="AppContext"/> knows the switch.</summary>
    public const string Name = "DaxEmu.KeepUnmapped";

    // A quarter of the addresses that a process has.
    private const long MostBytes = 1L << 45;

    private const MmapFlags Blank = MmapFlags.Private | MmapFlags.Anonymous | MmapFlags.NoReserve | MmapFlags.Fixed;

    private static readonly Lock Gate = new();
    private static readonly Queue<(nint Start, nuint Length)> Kept = new();
    private static long keptBytes;

    /// <summary>Whether addresses are kept without any right.</summary>
    public static bool IsKept { get; } = AppContext.TryGetSwitch(Name, out bool on) && on;

    /// <summary>Ends memory. A use of its addresses from now on is an error.</summary>
    /// <returns>Whether the kernel took it.</returns>
    public static bool Unmap(nint start, nuint length)
    {
        // SAFETY: MAP_FIXED replaces only what the caller owns and gives up.
        if (!IsKept || Mman.Mmap(start, length, MmapProt.None, Blank, -1, 0) == Mman.MapFailed)
        {
            return Mman.Munmap(start, length) == 0;
        }

        lock (Gate)
        {
            Kept.Enqueue((start, length));
            keptBytes += (long)length;
            while (keptBytes > MostBytes && Kept.TryDequeue(out (nint Start, nuint Length) oldest))
            {
                keptBytes -= (long)oldest.Length;
                _ = Mman.Munmap(oldest.Start, oldest.Length);
            }
        }

        return true;
    }

    /// <summary>Ends memory whose addresses a forgotten span may still use: they hold private zeroes from now on.</summary>
    /// <returns>Whether the kernel took it.</returns>
    public static bool Replace(nint start, nuint length) =>
        Mman.Mmap(start, length, MmapProt.Read | MmapProt.Write, Blank, -1, 0) != Mman.MapFailed
        || Mman.Munmap(start, length) == 0;
}
