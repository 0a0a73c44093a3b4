using System.Globalization;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>Resident memory of a process, and its peak.</summary>
internal static class ProcessMemory
{
    /// <summary>Begins a new peak for this process.</summary>
    public static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    /// <summary>Bytes now, and at the peak.</summary>
    public static (long NowBytes, long PeakBytes) OfSelf() => StatusOf("self");

    /// <summary>Bytes at the peak of another process; 0 if it has ended.</summary>
    public static long PeakOf(int process)
    {
        try
        {
            return StatusOf(process.ToString(CultureInfo.InvariantCulture)).PeakBytes;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static (long NowBytes, long PeakBytes) StatusOf(string process)
    {
        long now = 0;
        long peak = 0;
        foreach (string line in File.ReadLines($"/proc/{process}/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
            {
                peak = Kilobytes(line);
            }
            else if (line.StartsWith("VmRSS:", StringComparison.Ordinal))
            {
                now = Kilobytes(line);
                break; // it follows the peak
            }
        }

        return (now, peak);
    }

    /// <summary>Bytes of another process; 0 if it has ended.</summary>
    public static long Of(int process)
    {
        try
        {
            string[] pages = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/statm")).Split(' ');
            return long.Parse(pages[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    // "VmRSS:	    1234 kB"
    private static long Kilobytes(string line) =>
        long.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
}
