using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>The program's memory, to which its system calls point: an address may be wrong, or lie in a mapped file.</summary>
/// <remarks>
/// <para>
/// A bad address must be EFAULT, and managed code must not meet it: so pages are checked before they are used, by asking the kernel to
/// populate them. What was checked is remembered until the program unmaps or protects anything, if that is counted. A program that unmaps a buffer while
/// another of its threads hands it to a call gets what it asks for.
/// </para>
/// <para>
/// Structures, and bytes where a file of the volume is mapped, are copied by native code (<see cref="HostAccess"/>): it faults as the program does.
/// </para>
/// </remarks>
/// <param name="unmaps">Counts how often the program has unmapped or protected memory; null if nothing does.</param>
internal sealed unsafe class UserMemory(int* unmaps)
{
    private const long LowestAddress = 4096;
    private const long EndOfAddresses = 0x7FFF_FFFF_F000;
    private const int RememberedPages = 256;
    private const int MostRemembered = 16;
    private const int GenerationBits = 26;
    private const int PopulateRead = 22;
    private const int PopulateWrite = 23;

    // A word: page number, generation, and whether it may be written.
    private readonly long[] known = new long[RememberedPages];
    private volatile int ownUnmaps;

    /// <summary>The program unmaps, moves or protects memory: nothing is known any more.</summary>
    public void Forget() => ownUnmaps++;

    private bool RemembersChecks => unmaps is not null;

    private int Generation => (*unmaps + ownUnmaps) & ((1 << GenerationBits) - 1);

    /// <summary>Whether managed code may load all bytes of a range, and store to them if it is for writing.</summary>
    public bool IsUsable(nint address, long length, bool isWrite)
    {
        if (length <= 0)
        {
            return true;
        }

        if (!IsAddress(address, length))
        {
            return false;
        }

        long first = address >> DaxConstants.PageShift;
        long count = ((address + length - 1) >> DaxConstants.PageShift) - first + 1;
        return (RemembersChecks && AreKnown(first, count, isWrite)) || Check(first, count, isWrite);
    }

    /// <summary>How many bytes of a range can be used, from its start on.</summary>
    public long UsablePrefix(nint address, long length, bool isWrite)
    {
        if (IsUsable(address, length, isWrite))
        {
            return length;
        }

        long usable = 0;
        while (usable < length)
        {
            long step = Math.Min(length - usable, DaxConstants.PageSize - ((address + usable) & (DaxConstants.PageSize - 1)));
            if (!IsUsable(address + (nint)usable, step, isWrite))
            {
                break;
            }

            usable += step;
        }

        return usable;
    }

    /// <summary>Copies a structure or other bytes out of the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public static void Load(nint address, Span<byte> destination)
    {
        if (!IsAddress(address, destination.Length) || HostAccess.Load(address, destination, out int copied) != IoError.None || copied < destination.Length)
        {
            throw new SystemCallException(Errno.Efault);
        }
    }

    /// <summary>Copies a structure or other bytes into the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public static void Store(nint address, ReadOnlySpan<byte> source)
    {
        if (!IsAddress(address, source.Length) || HostAccess.Store(address, source, out int copied) != IoError.None || copied < source.Length)
        {
            throw new SystemCallException(Errno.Efault);
        }
    }

    /// <summary>Copies a value out of the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public static T Load<T>(nint address)
        where T : unmanaged
    {
        T value;
        Load(address, new Span<byte>(&value, sizeof(T)));
        return value;
    }

    /// <summary>Copies a value into the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public static void Store<T>(nint address, in T value)
        where T : unmanaged
    {
        fixed (T* bytes = &value)
        {
            Store(address, new ReadOnlySpan<byte>(bytes, sizeof(T)));
        }
    }

    private static bool Check(long page, long count, bool isWrite, out bool isUnknown)
    {
        nint address = (nint)(page << DaxConstants.PageShift);
        nint length = (nint)(count << DaxConstants.PageShift);
        while (true)
        {
            long result = RawSystemCall.Invoke(Sys.Madvise, address, length, isWrite ? PopulateWrite : PopulateRead);
            if (result is -Errno.Eagain or -Errno.Eintr)
            {
                continue;
            }

            isUnknown = result == -Errno.Einval;
            return result == 0;
        }
    }

    // Kernels before 5.14 cannot populate, nor can any kernel some mappings of devices: then a byte of each page is copied.
    private static bool CopiesOneByteEach(long page, long count, bool isWrite)
    {
        Span<byte> value = stackalloc byte[1];
        for (long at = page; at < page + count; at++)
        {
            nint address = (nint)(at << DaxConstants.PageShift);
            _ = HostAccess.Load(address, value, out int copied);
            if (copied == 1 && isWrite)
            {
                _ = HostAccess.Store(address, value, out copied);
            }

            if (copied == 0)
            {
                return false;
            }
        }

        return true;
    }

    // The kernel's half has other addresses.
    private static bool IsAddress(nint address, long length) => address >= LowestAddress && length <= EndOfAddresses && address <= EndOfAddresses - length;

    private bool AreKnown(long first, long count, bool isWrite)
    {
        if (count > MostRemembered)
        {
            return false;
        }

        int now = Generation;
        for (long page = first; page < first + count; page++)
        {
            long word = known[page % RememberedPages];
            if (word != WordOf(page, now, isWritable: true) && (isWrite || word != WordOf(page, now, isWritable: false)))
            {
                return false;
            }
        }

        return true;
    }

    private bool Check(long first, long count, bool isWrite)
    {
        int now = RemembersChecks ? Generation : 0;
        bool isUsable = Check(first, count, isWrite, out bool isUnknown);
        if (isUnknown)
        {
            // A kernel that populates for reading has refused the right, and not the request.
            isUsable = !(isWrite && Check(first, count, isWrite: false, out _)) && CopiesOneByteEach(first, count, isWrite);
        }

        for (long page = first; isUsable && RemembersChecks && count <= MostRemembered && page < first + count; page++)
        {
            known[page % RememberedPages] = WordOf(page, now, isWrite);
        }

        return isUsable;
    }

    private static long WordOf(long page, int generation, bool isWritable) =>
        (page << (GenerationBits + 1)) | ((long)generation << 1) | (isWritable ? 1L : 0);
}
