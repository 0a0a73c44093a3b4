using System.Globalization;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Changes trace text word by word and line by line.</summary>
internal static class TraceMutator
{
    private static readonly string[] Words =
    [
        "shared", "private", "WRITE|ALLOW_RETRY|USER", "FALLBACK", "NOPAGE", "MAJOR|NOPAGE", "SIGBUS", "OOM", "RETRY", "0x800", "dax_pmd_fault:", "dax_pmd_fault_done:", "dax_pte_fault:",
        "dax_pte_fault_done:", "dax_load_hole:", "dax_writeback_range:", "dax_writeback_one:", "dax_insert_pfn_mkwrite:", "sched_switch:", "pglen", "pgoff", "address", "[001]", "[-1]",
        "[99999999999]", ".....", "rocksdb-0", "a-b-c-1", "-1", "x-99999999999", "1.000000:", "99999999999.000000:", "-1.5:", "0.0000001:", "259:0", "4294967296:0", ":", "0x0-0xffffffffffffffff",
    ];

    /// <summary>Changes some lines; <paramref name="other"/> gives parts to splice in.</summary>
    public static void Mutate(List<string> lines, IReadOnlyList<string> other, FuzzRandom random)
    {
        bool isReadable = !random.OneIn(3);
        for (int i = random.Geometric(1, 8); i > 0; i--)
        {
            if (isReadable && lines.Count > 1)
            {
                MutateReadable(lines, other, random);
            }
            else if (random.OneIn(10))
            {
                Spread(lines, random);
            }
            else if (random.OneIn(3) || lines.Count == 0)
            {
                LineMutator.Mutate(lines, other, random);
            }
            else
            {
                int at = random.Below(lines.Count);
                lines[at] = MutateLine(lines[at], random);
            }
        }
    }

    // What the reader takes gets as far as the replay: lines in another order or number, and other addresses, files and threads.
    private static void MutateReadable(List<string> lines, IReadOnlyList<string> other, FuzzRandom random)
    {
        int at = random.Below(lines.Count);
        switch (random.Below(8))
        {
            case 0:
                int with = random.Below(lines.Count);
                (lines[at], lines[with]) = (lines[with], lines[at]);
                break;
            case 1:
                lines.RemoveAt(at);
                break;
            case 2:
                lines.InsertRange(at, Enumerable.Repeat(random.Pick(lines), random.Geometric(1, 64)));
                break;
            case 3:
                lines.Insert(at, random.Pick(other));
                break;
            case 4:
                Spread(lines, random);
                break;
            default:
                string[] words = lines[at].Split(' ');
                int[] hex = [.. Enumerable.Range(0, words.Length).Where(i => words[i].StartsWith("0x", StringComparison.Ordinal))];
                if (hex.Length > 0)
                {
                    int word = random.Pick(hex);
                    long near = random.OneIn(2) ? random.Below(4096) : 0x7fc4aa000000 + (random.Below(8192) * 4096L);
                    words[word] = random.OneIn(3) ? random.Pick(Boundary.Hex[..17]) : string.Create(CultureInfo.InvariantCulture, $"0x{near:x}");
                    lines[at] = string.Join(' ', words);
                }

                break;
        }
    }

    private static string MutateLine(string line, FuzzRandom random)
    {
        string[] words = line.Split(' ');
        int[] hex = [.. Enumerable.Range(0, words.Length).Where(i => words[i].StartsWith("0x", StringComparison.Ordinal))];
        int at = hex.Length > 0 && !random.OneIn(3) ? random.Pick(hex) : random.Below(words.Length);
        switch (random.Below(7))
        {
            case 0 or 1 or 2:
                words[at] = random.Pick(Boundary.Hex);
                break;
            case 3:
                words[at] = random.Pick(Words);
                break;
            case 4:
                words[at] = string.Empty;
                break;
            case 5:
                int with = random.Below(words.Length);
                (words[at], words[with]) = (words[with], words[at]);
                break;
            default:
                words[at] = random.OneIn(10) ? Boundary.Long(random) : words[at] + random.Pick(Boundary.OddText);
                break;
        }

        return string.Join(' ', words);
    }

    // The same line for many files, VMAs or threads: what is kept for each must not cost its square.
    private static void Spread(List<string> lines, FuzzRandom random)
    {
        int at = random.Below(Math.Max(1, lines.Count));
        string line = at < lines.Count ? lines[at] : string.Empty;
        string[] names = ["ino ", "vm_start ", "pgoff ", "address ", "-"];
        string name = random.Pick(names);
        int place = line.IndexOf(name, StringComparison.Ordinal);
        if (place < 0)
        {
            return;
        }

        place += name.Length;
        int end = line.IndexOf(' ', place);
        int count = Math.Min(random.Geometric(16, 8192), (2 << 20) / line.Length);
        bool isThread = name == "-";
        lines.InsertRange(at, Enumerable.Range(1, isThread ? Math.Min(count, 256) : count).Select(i =>
        {
            string value = isThread ? i.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"0x{(long)i << 12:x}");
            return line[..place] + value + (end < 0 ? string.Empty : line[end..]);
        }));
    }
}
