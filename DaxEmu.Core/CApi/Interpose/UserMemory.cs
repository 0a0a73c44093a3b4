using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>The program's memory, to which its system calls point: an address may be wrong, or lie in a mapped file.</summary>
/// <remarks>
/// <para>
/// A bad address must be EFAULT, and managed code must not meet it: so pages are checked before they are used, by asking the kernel to
/// populate them. What was checked is remembered until the program unmaps or protects anything (<see cref="Forget"/>), if every such
/// call is seen here. A program that unmaps a buffer while another of its threads hands it to a call gets what it asks for.
/// </para>
/// <para>
/// Memory in which a file of the volume is mapped is never used from managed code, since its pages come and go: bytes are copied there by the
/// kernel (process_vm_writev to oneself), which reports a page that is gone, and the page is faulted in and tried again.
/// </para>
/// </remarks>
internal sealed unsafe class UserMemory(bool remembersChecks)
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
    private volatile int generation = 1;

    /// <summary>The program unmaps, moves or protects memory: nothing is known any more.</summary>
    public void Forget() => generation = (generation + 1) & ((1 << GenerationBits) - 1);

    /// <summary>Whether managed code may load all bytes of a range, and store to them if it is for writing.</summary>
    public bool IsUsable(nint address, long length, bool isWrite)
    {
        if (length <= 0)
        {
            return true;
        }

        if (address < LowestAddress || length > EndOfAddresses || address > EndOfAddresses - length)
        {
            return false;
        }

        long first = address >> DaxConstants.PageShift;
        long count = ((address + length - 1) >> DaxConstants.PageShift) - first + 1;
        return (remembersChecks && AreKnown(first, count, isWrite)) || Check(first, count, isWrite);
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
    public void Load(nint address, Span<byte> destination)
    {
        if (DaxRanges.Overlaps(address, destination.Length))
        {
            CopyMapped(address, destination, isWrite: false);
        }
        else if (IsUsable(address, destination.Length, isWrite: false))
        {
            new ReadOnlySpan<byte>((void*)address, destination.Length).CopyTo(destination);
        }
        else
        {
            throw new SystemCallException(Errno.Efault);
        }
    }

    /// <summary>Copies a structure or other bytes into the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public void Store(nint address, ReadOnlySpan<byte> source)
    {
        if (DaxRanges.Overlaps(address, source.Length))
        {
            fixed (byte* bytes = source)
            {
                CopyMapped(address, new Span<byte>(bytes, source.Length), isWrite: true);
            }
        }
        else if (IsUsable(address, source.Length, isWrite: true))
        {
            source.CopyTo(new Span<byte>((void*)address, source.Length));
        }
        else
        {
            throw new SystemCallException(Errno.Efault);
        }
    }

    /// <summary>Copies a value out of the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public T Load<T>(nint address)
        where T : unmanaged
    {
        T value;
        Load(address, new Span<byte>(&value, sizeof(T)));
        return value;
    }

    /// <summary>Copies a value into the program.</summary>
    /// <exception cref="SystemCallException">EFAULT.</exception>
    public void Store<T>(nint address, in T value)
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
        for (long at = page; at < page + count; at++)
        {
            byte value;
            nint address = (nint)(at << DaxConstants.PageShift);
            if (Transfer(&value, address, 1, isWrite: false) != 1 || (isWrite && Transfer(&value, address, 1, isWrite: true) != 1))
            {
                return false;
            }
        }

        return true;
    }

    private static long Transfer(byte* local, nint remote, long length, bool isWrite)
    {
        IoVector* vectors = stackalloc IoVector[2];
        vectors[0] = new IoVector((nint)local, (nint)length);
        vectors[1] = new IoVector(remote, (nint)length);
        long process = RawSystemCall.Invoke(Sys.Getpid);
        return RawSystemCall.Invoke(
            isWrite ? Sys.ProcessVmWritev : Sys.ProcessVmReadv, (nint)process, (nint)vectors, 1, (nint)(vectors + 1), 1, 0);
    }

    private static void CopyMapped(nint address, Span<byte> bytes, bool isWrite)
    {
        fixed (byte* local = bytes)
        {
            for (int done = 0; done < bytes.Length;)
            {
                long moved = Transfer(local + done, address + done, bytes.Length - done, isWrite);
                if (moved > 0)
                {
                    done += (int)moved;
                }
                else if (!DaxRanges.Overlaps(address + done, 1) || DaxRanges.Access(address + done, isWrite) != IoError.None)
                {
                    throw new SystemCallException(Errno.Efault);
                }
            }
        }
    }

    private bool AreKnown(long first, long count, bool isWrite)
    {
        if (count > MostRemembered)
        {
            return false;
        }

        int now = generation;
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
        int now = generation;
        bool isUsable = Check(first, count, isWrite, out bool isUnknown);
        if (isUnknown)
        {
            // A kernel that populates for reading has refused the right, and not the request.
            isUsable = !(isWrite && Check(first, count, isWrite: false, out _)) && CopiesOneByteEach(first, count, isWrite);
        }

        for (long page = first; isUsable && remembersChecks && count <= MostRemembered && page < first + count; page++)
        {
            known[page % RememberedPages] = WordOf(page, now, isWrite);
        }

        return isUsable;
    }

    private static long WordOf(long page, int generation, bool isWritable) =>
        (page << (GenerationBits + 1)) | ((long)generation << 1) | (isWritable ? 1L : 0);
}
