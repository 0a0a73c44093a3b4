using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Files;

/// <summary>Where a file has data and where holes (lseek(2) with SEEK_DATA and SEEK_HOLE).</summary>
internal static partial class DataSegments
{
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int NoData = 6; // ENXIO: nothing but a hole from there to the end

    /// <summary>The first run of data from an offset on, in bytes. An empty one at the end if there is none.</summary>
    /// <param name="file">The file; its position is moved.</param>
    /// <param name="fromBytes">Where to begin.</param>
    /// <param name="endBytes">Where the file ends.</param>
    /// <remarks>A file system that reports no holes has one run of data.</remarks>
    public static (long FirstBytes, long EndBytes) Next(SafeFileHandle file, long fromBytes, long endBytes)
    {
        long data = Seek(file, fromBytes, SeekData);
        if (data < 0)
        {
            return Marshal.GetLastPInvokeError() == NoData ? (endBytes, endBytes) : (fromBytes, endBytes);
        }

        long hole = Seek(file, data, SeekHole);
        return (data, hole < 0 ? endBytes : Math.Min(hole, endBytes));
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);
}
