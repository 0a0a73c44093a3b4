using System.IO.Compression;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>The recordings that the cases begin from: those that the tests replay.</summary>
internal static class Corpus
{
    private const int HandPart = 216;
    private static readonly string[] Archives = ["hand.zip", "hand-6.12.zip", "hand-ext4.zip", "random.zip", "random-6.12.zip", "random-ext4.zip"];
    private static readonly Lazy<ZipArchiveEntry[]> Entries = new(() => [.. Archives.SelectMany(a => ZipFile.OpenRead(PathOf(a)).Entries)]);
    private static readonly Lazy<string[]> TraceLines = new(ReadTrace);

    /// <summary>A recorded scenario, by its lines. Most are short ones written by hand.</summary>
    public static List<string> Recording(FuzzRandom random)
    {
        ZipArchiveEntry[] entries = Entries.Value;
        using Stream stream = entries[random.OneIn(4) ? random.Below(entries.Length) : random.Below(HandPart)].Open();
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return [.. Latin1.Text(content.ToArray()).TrimEnd('\n').Split('\n')];
    }

    /// <summary>Some lines in a row of a trace, mostly with its head.</summary>
    public static List<string> Trace(FuzzRandom random)
    {
        const int HeadLines = 11;
        string[] all = TraceLines.Value;
        int count = random.Geometric(8, 2048);
        int first = random.Between(HeadLines, all.Length - count - 1);
        return [.. all.Take(random.OneIn(5) ? 0 : HeadLines), .. all.AsSpan(first, count)];
    }

    private static string[] ReadTrace()
    {
        using FileStream file = File.OpenRead(PathOf("rocksdb-start.trace.gz"));
        using var stream = new GZipStream(file, CompressionMode.Decompress);
        using var content = new MemoryStream();
        stream.CopyTo(content);
        return Latin1.Text(content.ToArray()).Split('\n');
    }

    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "Data", name);
}
