using System.Globalization;

namespace DaxEmu.Bench.Devices;

/// <summary>The limits of the memory control groups (cgroup, version 1 and 2) that this process is in.</summary>
internal static class MemoryGroup
{
    private const string Membership = "/proc/self/cgroup";
    private const string Mounts = "/proc/self/mountinfo";

    /// <summary>What is left below the tightest limit, in bytes; null without any limit.</summary>
    public static long? AvailableBytes()
    {
        try
        {
            return AvailableBytes(File.ReadAllLines(Membership), File.ReadAllLines(Mounts), ReadFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // no /proc, or no rights: nothing is known
        }
    }

    /// <summary>As the other, on given text.</summary>
    /// <param name="membership">Lines <c>4:memory:/path</c> (version 1) or <c>0::/path</c> (version 2).</param>
    /// <param name="mounts">Lines of <c>/proc/self/mountinfo</c>.</param>
    /// <param name="read">The content of a file; null if there is none.</param>
    internal static long? AvailableBytes(IEnumerable<string> membership, IReadOnlyList<string> mounts, Func<string, string?> read)
    {
        long? least = null;
        foreach (string line in membership)
        {
            string[] parts = line.Split(':', 3);
            bool isSecond = parts is ["0", "", _];
            if (!isSecond && !(parts.Length == 3 && parts[1].Split(',').Contains("memory")))
            {
                continue;
            }

            if (Mount(mounts, isSecond) is not { } mount)
            {
                continue;
            }

            // In a container the path is the host's, and the mount shows the group itself as its root: what is not there is passed over.
            for (string? path = parts[2]; path is not null; path = Path.GetDirectoryName(path))
            {
                if (Left(mount + path.TrimEnd('/'), isSecond, read) is { } left)
                {
                    least = Math.Min(least ?? long.MaxValue, left);
                }
            }
        }

        return least;
    }

    private static long? Left(string group, bool isSecond, Func<string, string?> read)
    {
        // Where version 1 has no limit, it says the largest number of whole pages.
        const long noLimit = 1L << 62;
        long? limit = Number(read($"{group}/{(isSecond ? "memory.max" : "memory.limit_in_bytes")}"));
        long? usage = Number(read($"{group}/{(isSecond ? "memory.current" : "memory.usage_in_bytes")}"));
        if (limit is not { } most || most >= noLimit || usage is not { } used)
        {
            return null;
        }

        // Cached pages of files are given up before a process is killed; those of tmpfs are not among these.
        string statistics = read($"{group}/memory.stat") ?? string.Empty;
        string prefix = isSecond ? string.Empty : "total_";
        long cached = Statistic(statistics, prefix + "inactive_file") + Statistic(statistics, prefix + "active_file");
        return Math.Max(0, most - Math.Max(0, used - cached));
    }

    private static string? Mount(IReadOnlyList<string> mounts, bool isSecond)
    {
        foreach (string line in mounts)
        {
            string[] fields = line.Split(' ');
            int dash = Array.IndexOf(fields, "-");
            if (dash < 5 || fields.Length < dash + 4)
            {
                continue;
            }

            bool isIt = isSecond
                ? fields[dash + 1] == "cgroup2"
                : fields[dash + 1] == "cgroup" && fields[dash + 3].Split(',').Contains("memory");
            if (isIt)
            {
                return fields[4];
            }
        }

        return null;
    }

    private static long Statistic(string text, string name)
    {
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(name + " ", StringComparison.Ordinal))
            {
                return Number(line[(name.Length + 1)..]) ?? 0;
            }
        }

        return 0;
    }

    private static long? Number(string? text) =>
        long.TryParse(text?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static string? ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
