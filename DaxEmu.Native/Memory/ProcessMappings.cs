using System.Globalization;
using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Memory;

/// <summary>How many mappings the process has, and may have (<c>vm.max_map_count</c>).</summary>
internal static unsafe class ProcessMappings
{
    private const int KernelDefault = 65530;
    private const int BufferBytes = 1 << 16;
    private const int ReserveCount = 32;
    private const nuint PageBytes = 4096;

    private static readonly Lock Gate = new();

    // Made before it is needed: there is no memory to be had when the process has too many mappings.
    private static readonly byte* Buffer = (byte*)NativeMemory.Alloc(BufferBytes);
    private static nint reserve = Reserve();

    /// <summary>The most that the kernel allows.</summary>
    public static int Limit { get; } = ReadLimit();

    /// <summary>How many there are now: what a line of <c>/proc/self/maps</c> stands for. 0 if it cannot be read.</summary>
    public static int Count()
    {
        lock (Gate)
        {
            int lines = 0;
            using var file = new SafeFileHandle(InputCalls.Open("/proc/self/maps", InputCalls.CloseOnExec), ownsHandle: true);
            while (!file.IsInvalid && InputCalls.Read(file, Buffer, BufferBytes) is > 0 and nint read)
            {
                lines += new ReadOnlySpan<byte>(Buffer, (int)read).Count((byte)'\n');
            }

            return lines;
        }
    }

    /// <summary>Makes a call that ends mappings, with some to spare: the kernel refuses it a process that has too many.</summary>
    /// <param name="work">The call; it enters no lock, since callers hold some.</param>
    public static void WithSpare(Action work)
    {
        lock (Gate)
        {
            _ = Mman.Munmap(reserve, 2 * ReserveCount * PageBytes);
            try
            {
                work();
            }
            finally
            {
                reserve = Reserve();
            }
        }
    }

    // Pages of alternating rights, which the kernel counts one by one.
    private static nint Reserve()
    {
        nint start = Mman.Mmap(0, 2 * ReserveCount * PageBytes, MmapProt.None, MmapFlags.Private | MmapFlags.Anonymous | MmapFlags.NoReserve, -1, 0);
        for (nint i = 0; i < ReserveCount && start != Mman.MapFailed; i++)
        {
            _ = Mman.Mprotect(start + (2 * i * (nint)PageBytes), PageBytes, MmapProt.Read);
        }

        return start;
    }

    private static int ReadLimit()
    {
        try
        {
            return int.Parse(File.ReadAllText("/proc/sys/vm/max_map_count"), CultureInfo.InvariantCulture);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or FormatException or OverflowException)
        {
            return KernelDefault;
        }
    }
}
