using System.IO.Compression;
using DaxEmu.Bench.Replay;

namespace DaxEmu.Tests.Golden;

/// <summary>The recorded scenarios that lie beside the tests.</summary>
internal static class GoldenCorpus
{
    private static readonly string[] Sets = ["hand", "hand-6.12", "hand-ext4", "random", "random-6.12", "random-ext4"];

    /// <summary>Every scenario by name: set and file.</summary>
    public static IEnumerable<string> Names()
    {
        foreach (string set in Sets)
        {
            using ZipArchive archive = Open(set);
            foreach (ZipArchiveEntry entry in archive.Entries)
            {
                yield return $"{set}/{Path.GetFileNameWithoutExtension(entry.Name)}";
            }
        }
    }

    /// <summary>A scenario.</summary>
    public static GoldenScenario Load(string name)
    {
        string[] parts = name.Split('/');
        using ZipArchive archive = Open(parts[0]);
        using var reader = new StreamReader(archive.GetEntry(parts[1] + ".jsonl")!.Open());
        return GoldenReader.Read(reader, name);
    }

    private static ZipArchive Open(string set) =>
        ZipFile.OpenRead(Path.Combine(AppContext.BaseDirectory, "Golden", "Data", set + ".zip"));
}
