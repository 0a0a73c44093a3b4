using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>The parts of one work; one file of all of it is a group of its own.</summary>
/// <param name="Name">For pages.</param>
/// <param name="Parts">One file of each part that is there, in the order of the parts.</param>
/// <param name="Problems">Parts that are missing, doubled or do not belong to it; empty if it is whole.</param>
/// <param name="IsMissing">Whether a part is missing.</param>
internal sealed record ShardGroup<T>(string Name, IReadOnlyList<T> Parts, IReadOnlyList<string> Problems, bool IsMissing)
    where T : class
{
    /// <summary>Puts files together.</summary>
    /// <param name="files">The files.</param>
    /// <param name="shard">A file's part; null if it is of all.</param>
    /// <param name="work">A text that is the same for all parts of one work.</param>
    public static IReadOnlyList<ShardGroup<T>> Of(IReadOnlyList<Named<T>> files, Func<T, ShardDocument?> shard, Func<T, string> work)
    {
        var groups = new List<ShardGroup<T>>();
        foreach (Named<T> file in files.Where(f => shard(f.Document) is null))
        {
            groups.Add(new ShardGroup<T>(file.Name, [file.Document], [], IsMissing: false));
        }

        if (files.FirstOrDefault(f => shard(f.Document) is { } part && !IsShard(part)) is { } damaged)
        {
            ShardDocument part = shard(damaged.Document)!;
            throw new FormatException(string.Create(
                CultureInfo.InvariantCulture, $"{damaged.Name}: there is no shard {part.Index}/{part.Count}. From 1/N to N/N there are, and N is at most {Shard.Most}."));
        }

        foreach (var same in files.Where(f => shard(f.Document) is not null).GroupBy(f => (shard(f.Document)!.Count, Work: work(f.Document))))
        {
            int count = same.Key.Count;
            ILookup<int, Named<T>> byIndex = same.ToLookup(f => shard(f.Document)!.Index);
            string[] missing = [.. Ranges(byIndex, count)];
            var problems = new List<string>();
            if (missing.Length > 0)
            {
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"of {count} shards {string.Join(", ", missing)} {(missing.Length == 1 && !missing[0].Contains("to", StringComparison.Ordinal) ? "is" : "are")} missing"));
            }

            foreach (IGrouping<int, Named<T>> doubled in byIndex.Where(i => i.Count() > 1).OrderBy(i => i.Key))
            {
                problems.Add(string.Create(
                    CultureInfo.InvariantCulture, $"shard {doubled.Key} of {count} is there more than once ({string.Join(", ", doubled.Select(f => f.Name))}), and counts once"));
            }

            groups.Add(new ShardGroup<T>(
                string.Create(CultureInfo.InvariantCulture, $"{byIndex.Count} of {count} shards"),
                [.. byIndex.OrderBy(i => i.Key).Select(i => i.First().Document)],
                problems,
                missing.Length > 0));
        }

        return groups;
    }

    /// <summary>A warning for each problem.</summary>
    public IEnumerable<Block> Warnings => Problems.Select(p => new Warning($"{Name}: {p}."));

    private static bool IsShard(ShardDocument part) => part.Index >= 1 && part.Index <= part.Count && part.Count <= Shard.Most;

    // As 2, 5 to 7.
    private static IEnumerable<string> Ranges(ILookup<int, Named<T>> present, int count)
    {
        int begin = 0;
        for (int i = 1; i <= count + 1; i++)
        {
            bool isMissing = i <= count && !present.Contains(i);
            if (isMissing && begin == 0)
            {
                begin = i;
            }
            else if (!isMissing && begin > 0)
            {
                yield return begin == i - 1
                    ? begin.ToString(CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{begin} to {i - 1}");
                begin = 0;
            }
        }
    }
}
