using System.Globalization;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Changes a recorded scenario so that most of it stays one: its values, fields, rows, ops and lines.</summary>
internal static class RecordingMutator
{
    private static readonly string[] Verbs =
    [
        "truncate", "fallocate", "fallocate_keep", "punch", "zero", "collapse", "insert", "pwrite", "pread", "mmap", "munmap", "r", "w", "msync", "fsync", "syncfs", "dontneed",
        "protect", "fadvise", "drop_caches", "reflink", "",
    ];

    // Ops whose arguments look alike.
    private static readonly string[][] Alike =
        [["fallocate", "fallocate_keep", "punch", "zero", "collapse", "insert", "pread", "fadvise", "r"], ["msync", "dontneed"], ["fsync", "syncfs", "drop_caches"], ["w", "pwrite"], ["truncate", "munmap"]];

    private static readonly string[] Words = ["shared", "private", "sync", "ro", "nohuge", "rw", "r", "w", "0", "1"];

    /// <summary>Changes some lines; <paramref name="other"/> gives parts to splice in.</summary>
    public static void Mutate(List<string> lines, IReadOnlyList<string> other, FuzzRandom random)
    {
        bool isReadable = !random.OneIn(4);
        for (int i = random.Geometric(1, 8); i > 0; i--)
        {
            if (isReadable && lines.Count > 1)
            {
                MutateReadable(lines, other, random);
            }
            else if (random.OneIn(3))
            {
                LineMutator.Mutate(lines, other, random);
            }
            else if (lines.Count > 0)
            {
                // The header is one line of many, and has checks of its own.
                int at = random.OneIn(12) ? 0 : random.Below(lines.Count);
                lines[at] = MutateLine(lines[at], other, random);
            }
        }
    }

    // A recording is read before it is carried out: only what still looks like one gets further than the reader. Numbers stay whole ones,
    // and rows keep their length.
    private static void MutateReadable(List<string> lines, IReadOnlyList<string> other, FuzzRandom random)
    {
        int at = random.Between(1, lines.Count - 1);
        int with = random.Between(1, lines.Count - 1);
        switch (random.Below(12))
        {
            case 0:
                (lines[at], lines[with]) = (lines[with], lines[at]);
                return;
            case 1 when lines.Count > 2:
                lines.RemoveAt(at);
                return;
            case 2:
                lines.InsertRange(at, Enumerable.Repeat(lines[with], random.OneIn(8) ? Math.Min(random.Geometric(16, 2048), (1 << 20) / (lines[with].Length + 1)) : 1));
                return;
            case 3 when other.Count > 1:
                lines.Insert(at, other[random.Between(1, other.Count - 1)]);
                return;
            default:
                lines[at] = MutateNumber(lines[at], random);
                return;
        }
    }

    private static string MutateNumber(string line, FuzzRandom random)
    {
        List<JsonSpan> spans = JsonSpan.Of(line);
        JsonSpan[] numbers = [.. spans.Where(s => s.IsNumber && s.Name.Length == 0)];
        JsonSpan[] rows = [.. spans.Where(s => s.IsArray && s.Name.Length == 0)];
        JsonSpan[] ops = [.. spans.Where(s => s.Name == "op")];
        int choice = random.Below(8);
        if (choice < 3 && numbers.Length > 0)
        {
            JsonSpan number = random.Pick(numbers);
            return Replace(line, number, Whole(line[number.Start..number.End], random));
        }

        if (choice < 5 && rows.Length > 0)
        {
            JsonSpan row = random.Pick(rows);
            return random.Below(3) switch
            {
                0 => Delete(line, row),
                1 => Swap(line, row, random.Pick(rows)),
                _ => line.Insert(row.End, string.Concat(Enumerable.Repeat("," + line[row.Start..row.End], random.Geometric(1, 2048)))),
            };
        }

        if (choice < 7 && ops.Length > 0)
        {
            string[] words = line[ops[0].Start..ops[0].End].Trim('"').Split(' ');
            int at = random.Below(words.Length);
            words[at] = at == 0 ? random.Pick(Alike.FirstOrDefault(a => a.Contains(words[0])) ?? Verbs) : char.IsLetter(words[at][0]) ? random.Pick(Words) : Whole(words[at], random);
            return Replace(line, ops[0], Quoted(string.Join(' ', words)));
        }

        JsonSpan[] others = [.. spans.Where(s => s.IsNumber && s.Name.Length > 0)];
        return others.Length == 0 ? line : random.Pick(others) is var any ? Replace(line, any, Whole(line[any.Start..any.End], random)) : line;
    }

    // Half of them lie where a recording's numbers do, so that the replay carries them out instead of refusing them.
    private static string Whole(string text, FuzzRandom random) => random.Below(6) switch
    {
        0 or 1 => random.Below(4096).ToString(CultureInfo.InvariantCulture),
        2 => (random.Between(0, 2048) * 4096L).ToString(CultureInfo.InvariantCulture),
        3 when long.TryParse(text, CultureInfo.InvariantCulture, out long value) => Near(value, random),
        _ => Boundary.Whole[random.Below(Boundary.Whole.Length)],
    };

    private static string MutateLine(string line, IReadOnlyList<string> other, FuzzRandom random)
    {
        List<JsonSpan> spans = JsonSpan.Of(line);
        if (spans.Count == 0)
        {
            return LineMutator.InsertOdd(line, random);
        }

        JsonSpan span = Choose(spans, random);
        string text = line[span.Start..span.End];
        switch (random.Below(10))
        {
            case 0 or 1 or 2 or 3:
                return Replace(line, span, span.Name == "op" && !random.OneIn(6) ? Quoted(MutateOp(text.Trim('"'), random)) : NewValue(text, span, random));
            case 4:
                return Delete(line, span);
            case 5:
                int times = random.OneIn(10) ? random.Geometric(64, 4096) : 1;
                string member = line[span.NameStart..span.End];
                return line.Insert(span.End, string.Concat(Enumerable.Repeat("," + member, Math.Min(times, (1 << 20) / member.Length + 1))));
            case 6:
                return Swap(line, span, Choose(spans, random));
            case 7:
                string source = random.Pick(other);
                List<JsonSpan> parts = JsonSpan.Of(source);
                return parts.Count == 0 ? line : Replace(line, span, random.Pick(parts) is var p ? source[p.Start..p.End] : text);
            case 8:
                int depth = random.OneIn(4) ? random.Geometric(64, 1 << 16) : random.Between(1, 70);
                return Replace(line, span, new string('[', depth) + text + (random.OneIn(4) ? string.Empty : new string(']', depth)));
            default:
                return LineMutator.InsertOdd(line, random);
        }
    }

    // Numbers and rows reach pointer arithmetic: they are chosen more often than a value at random would be.
    private static JsonSpan Choose(List<JsonSpan> spans, FuzzRandom random)
    {
        JsonSpan[] wanted = random.Below(4) switch
        {
            0 => [.. spans.Where(s => s.Name == "op")],
            1 => [.. spans.Where(s => s.IsNumber)],
            2 => [.. spans.Where(s => s.IsArray)],
            _ => [],
        };
        return wanted.Length > 0 ? random.Pick(wanted) : random.Pick(spans);
    }

    private static string NewValue(string text, JsonSpan span, FuzzRandom random) => random.Below(8) switch
    {
        0 or 1 or 2 => random.Pick(Boundary.Numbers),
        3 => random.Pick(Boundary.Json),
        4 => span.IsNumber && long.TryParse(text, CultureInfo.InvariantCulture, out long value) ? Near(value, random) : random.Pick(Boundary.Json),
        5 => Quoted(random.Pick(Boundary.OddText)),
        6 => random.OneIn(4) ? Quoted(Boundary.Long(random)) : random.Pick(Boundary.Numbers),
        _ => random.Pick(Boundary.Numbers),
    };

    private static string Near(long value, FuzzRandom random) => unchecked(random.Below(8) switch
    {
        0 => value + 1,
        1 => value - 1,
        2 => -value,
        3 => value * 512,
        4 => value * 4096,
        5 => value + 512,
        6 => value ^ (1L << random.Below(64)),
        _ => value / 2,
    }).ToString(CultureInfo.InvariantCulture);

    private static string MutateOp(string op, FuzzRandom random)
    {
        List<string> words = [.. op.Split(' ')];
        for (int i = random.Geometric(1, 4); i > 0; i--)
        {
            int at = random.Below(words.Count + 1);
            switch (random.Below(8))
            {
                case 0:
                    words.Insert(at, random.Pick(Words));
                    break;
                case 1 when words.Count > 1 && at < words.Count:
                    words.RemoveAt(at);
                    break;
                case 2:
                    words[0] = random.Pick(Verbs);
                    break;
                case 3 when at < words.Count:
                    words[at] = random.Pick(Words);
                    break;
                case 4 when at < words.Count:
                    words[at] += random.Pick(Boundary.OddText);
                    break;
                default:
                    words[Math.Min(Math.Max(at, 1), words.Count - 1)] = random.Pick(Boundary.Numbers);
                    break;
            }
        }

        return string.Join(' ', words);
    }

    private static string Quoted(string text) => "\"" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + "\"";

    private static string Replace(string line, JsonSpan span, string text) => string.Concat(line.AsSpan(0, span.Start), text, line.AsSpan(span.End));

    private static string Delete(string line, JsonSpan span)
    {
        int start = span.NameStart;
        int end = span.End;
        if (end < line.Length && line[end] == ',')
        {
            end++;
        }
        else if (start > 0 && line[start - 1] == ',')
        {
            start--;
        }

        return line.Remove(start, end - start);
    }

    private static string Swap(string line, JsonSpan one, JsonSpan two)
    {
        (JsonSpan left, JsonSpan right) = one.Start <= two.Start ? (one, two) : (two, one);
        return left.End > right.Start
            ? line
            : string.Concat(line[..left.Start], line[right.Start..right.End], line[left.End..right.Start], line[left.Start..left.End]) + line[right.End..];
    }
}
