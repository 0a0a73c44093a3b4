using System.IO.Compression;
using System.Text;
using DaxEmu.Bench.Verification.Replay;

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
    public static GoldenScenario Load(string name) => Parse(name, Text(name));

    /// <summary>A scenario's recording, as it lies there.</summary>
    public static string Text(string name)
    {
        string[] parts = name.Split('/');
        using ZipArchive archive = Open(parts[0]);
        using var reader = new StreamReader(archive.GetEntry(parts[1] + ".jsonl")!.Open());
        return reader.ReadToEnd();
    }

    /// <summary>A scenario from a recording that may have been changed.</summary>
    public static GoldenScenario Parse(string name, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return GoldenReader.Read(content, name);
    }

    private static ZipArchive Open(string set) =>
        ZipFile.OpenRead(Path.Combine(AppContext.BaseDirectory, "Golden", "Data", set + ".zip"));
}
