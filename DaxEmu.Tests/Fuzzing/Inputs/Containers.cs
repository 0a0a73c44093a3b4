using System.IO.Compression;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Packs files as gzips and zips, right ones and damaged ones, and small ones that unpack to much.</summary>
internal static class Containers
{
    private const int UnitBytes = 1 << 20;
    private static readonly string[] EntryNames =
        ["a.jsonl", "b.jsonl", "../../x.jsonl", "/etc/x.jsonl", "", "dir/", "a.trace", "\u001b[31m.jsonl", "a.jsonl.gz", "nested.zip", "x\\y.jsonl", "README.md"];

    private static readonly string[] Patterns =
        [" ", "\n", "\r\n", "x", "0", "[", "{\"a\":", "#\n", "# x\n", "\0", "{}\n", "\"", "{\"op\":\"fsync\",\"ret\":0,\"errno\":0,\"events\":[]}\n"];

    /// <summary>A container of what <paramref name="make"/> makes; its name's end says which kind, or another.</summary>
    public static (string Extension, byte[] Content) Make(Func<byte[]> make, FuzzRandom random)
    {
        bool isZip = random.OneIn(2);
        byte[] content = random.OneIn(6) ? Bomb(isZip, random) : isZip ? Zip(make, random) : GZip(make, random);
        if (random.OneIn(2))
        {
            content = Damage(content, isZip, random);
        }

        string extension = random.OneIn(12) ? random.Pick((string[])[".jsonl", ".zip", ".gz", ".trace.gz", "", ".ZIP"])
            : isZip ? ".zip"
            : random.OneIn(2) ? ".jsonl.gz"
            : ".trace.gz";
        return (extension, content);
    }

    /// <summary>A right zip with one entry.</summary>
    public static byte[] ZipOf(byte[] content) => ZipOf(() => content, 1, _ => "a.jsonl");

    private static byte[] ZipOf(Func<byte[]> make, int count, Func<int, string> nameOf)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            for (int i = 0; i < count; i++)
            {
                ZipArchiveEntry added = archive.CreateEntry(nameOf(i), CompressionLevel.Fastest);
                added.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero); // the same file each time that the case is made
                using Stream entry = added.Open();
                entry.Write(make());
            }
        }

        return memory.ToArray();
    }

    private static byte[] GZip(Func<byte[]> make, FuzzRandom random)
    {
        byte[] content = Packed(make());
        return random.Below(6) switch
        {
            0 => [.. content, .. Packed(make())], // two members
            1 => Packed(content), // twice
            2 => Packed([]),
            _ => content,
        };
    }

    private static byte[] Zip(Func<byte[]> make, FuzzRandom random)
    {
        if (random.OneIn(4))
        {
            var raw = new RawZip();
            for (int i = random.Geometric(1, 4); i > 0; i--)
            {
                byte[] content = make();
                bool isStored = random.OneIn(2);
                uint size = random.OneIn(5) ? random.Pick((uint[])[0, 1, uint.MaxValue, int.MaxValue]) : (uint)content.Length;
                string name = random.Pick(EntryNames);
                uint checksum = random.OneIn(4) ? 0 : RawZip.Checksum(content);
                int method = random.OneIn(8) ? random.Below(100) : isStored ? 0 : 8;
                int flags = random.OneIn(8) ? random.Below(16) : 0;
                raw.Add(name, isStored ? content : Deflated(content), size, checksum, (ushort)method, (ushort)flags);
            }

            return raw.ToArray();
        }

        return ZipOf(
            () => random.OneIn(10) ? Packed(make()) : make(),
            random.OneIn(5) ? 0 : random.Geometric(1, 8),
            i => random.OneIn(3) ? random.Pick(EntryNames) is { Length: > 0 } name ? name : "x" : $"r{i}.jsonl");
    }

    private static byte[] Damage(byte[] content, bool isZip, FuzzRandom random)
    {
        const int ChecksumFromEnd = 8;
        switch (random.Below(4))
        {
            case 0:
                return content[..random.Below(content.Length + 1)];
            case 1:
                return [.. content, .. random.OneIn(2) ? new byte[random.Geometric(1, 4096)] : Latin1.Bytes(random.Pick(Boundary.OddText))];
            case 2 when !isZip && content.Length > ChecksumFromEnd:
                content[^random.Between(1, ChecksumFromEnd)] ^= 1; // checksum or length
                return content;
            default:
                return ByteMutator.Mutate(content, random);
        }
    }

    // A unit is compressed once and then repeated: members of a gzip, or blocks of a deflate stream, whose parts end at whole bytes.
    private static byte[] Bomb(bool isZip, FuzzRandom random)
    {
        IEnumerable<string> first = random.OneIn(2) ? Corpus.Recording(random).Take(random.Below(4)) : random.OneIn(2) ? Corpus.Trace(random).Take(20) : [];
        byte[] head = Latin1.Bytes(string.Concat(first.Select(l => l + "\n")));
        string pattern = random.Pick(Patterns);
        byte[] unit = Repeated([], Latin1.Bytes(pattern), UnitBytes / pattern.Length, []);
        int units = pattern.Length > 8 ? random.Between(1, 4)
            : pattern.Contains('\n', StringComparison.Ordinal) ? random.Geometric(2, 128)
            : random.Geometric(8, 1024);
        if (!isZip)
        {
            return Repeated(Packed(head), Packed(unit), units, []);
        }

        byte[] data = Repeated(Flushed(head), Flushed(unit), units, [3, 0]);
        var zip = new RawZip();
        zip.Add("a.jsonl", data, random.OneIn(2) ? 10 : (uint)(head.Length + ((long)units * unit.Length)), 0, 8);
        return zip.ToArray();
    }

    private static byte[] Repeated(byte[] head, byte[] part, int times, byte[] end)
    {
        byte[] all = new byte[head.Length + (part.Length * times) + end.Length];
        head.CopyTo(all, 0);
        for (int i = 0; i < times; i++)
        {
            part.CopyTo(all, head.Length + (i * part.Length));
        }

        end.CopyTo(all, all.Length - end.Length);
        return all;
    }

    private static byte[] Packed(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(content);
            stream.Flush(); // an empty one has its head, too
        }

        return memory.ToArray();
    }

    private static byte[] Deflated(byte[] content)
    {
        using var memory = new MemoryStream();
        using (var stream = new DeflateStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(content);
        }

        return memory.ToArray();
    }

    private static byte[] Flushed(byte[] content)
    {
        using var memory = new MemoryStream();
        using var stream = new DeflateStream(memory, CompressionLevel.Fastest, leaveOpen: true);
        stream.Write(content);
        stream.Flush();
        return memory.ToArray();
    }
}
