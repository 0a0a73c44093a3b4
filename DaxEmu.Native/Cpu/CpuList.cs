using System.Globalization;

namespace DaxEmu.Native.Cpu;

/// <summary>Lists of CPUs as the kernel and taskset write them: <c>0-3,8</c>.</summary>
internal static class CpuList
{
    /// <summary>One more than the largest number of a CPU: the most that Linux can be built for on x86-64.</summary>
    public const int MostCpus = 8192;

    /// <summary>The numbers, ascending, each once; null if the text is no such list.</summary>
    public static IReadOnlyList<int>? TryParse(string text)
    {
        var cpus = new SortedSet<int>();
        foreach (string part in text.Split(','))
        {
            string[] ends = part.Split('-');
            if (ends.Length > 2 || !TryNumber(ends[0], out int first) || !TryNumber(ends[^1], out int last) || first > last)
            {
                return null;
            }

            cpus.UnionWith(Enumerable.Range(first, last - first + 1));
        }

        return [.. cpus];
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number < MostCpus;
}
