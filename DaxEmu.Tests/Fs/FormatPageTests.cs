using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using DaxEmu.Core;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>docs/format.md says what is on the medium: a volume is decoded by its tables alone.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed partial class FormatPageTests : IDisposable
{
    private const string NameLength = "name_length";
    private static readonly string[] Page = File.ReadAllLines(Path.Combine(Solution.Root, "docs", "format.md"));
    private static readonly Dictionary<string, Field[]> Tables = ReadTables();

    private readonly PmemDevice device = PmemDevice.CreateInMemory(8 << 20);
    private readonly Guid id = new("00112233-4455-6677-8899-aabbccddeeff");

    [Test]
    public void TheNumbersAreThoseOfTheCode()
    {
        (string Name, long Value)[] numbers = [.. Page.Select(line => Number().Match(line)).Where(m => m.Success).Select(m => (m.Groups[1].Value, Parse(m.Groups[2].Value)))];
        FieldInfo[] constants = [.. typeof(VolumeFormat).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral)];
        Assert.That(numbers, Is.EquivalentTo(constants.Select(f => (f.Name, Convert.ToInt64(f.GetRawConstantValue(), CultureInfo.InvariantCulture)))));
    }

    [Test]
    public void TheTablesHaveNoGaps()
    {
        Assert.That(Tables, Has.Count.EqualTo(13));
        foreach ((string name, Field[] fields) in Tables)
        {
            for (int i = 1; i < fields.Length; i++)
            {
                Assert.That(fields[i].At, Is.EqualTo(fields[i - 1].At + fields[i - 1].Bytes), $"{name}: {fields[i].Name}");
            }
        }

        (string Table, int Bytes)[] sizes =
        [
            ("Superblock", VolumeFormat.SuperblockBytes), ("Root slot", VolumeFormat.RootHeaderBytes), ("Segment", 16), ("Log head", VolumeFormat.FirstRecord),
            ("Record", VolumeFormat.RecordHeaderBytes), ("Inode (kind 1)", RecordReader.InodeBytes), ("Forget (kind 4)", 8), ("Size (kind 5)", RecordReader.SizeBytes),
            ("Blocks (kind 6)", RecordReader.BlocksHeaderBytes), ("Extent", RecordReader.ExtentBytes), ("Totals (kind 7)", RecordReader.TotalsBytes),
        ];
        Assert.That(sizes.Select(s => (s.Table, Tables[s.Table][^1].At + Tables[s.Table][^1].Bytes)), Is.EqualTo(sizes));
        Assert.That(Tables.Keys.Select(k => Kind().Match(k)).Where(m => m.Success).Select(m => (m.Groups[1].Value, Parse(m.Groups[2].Value))), Is.EqualTo(Enum.GetValues<RecordKind>().Select(k => (k.ToString(), (long)k))));
    }

    [Test]
    public void AVolumeIsDecodedByTheTablesAlone()
    {
        DaxVolume.Format(device, new VolumeOptions { Id = id, Label = "bücher" });
        VolumeEntry[] entries;
        using (var volume = DaxVolume.Mount(device))
        {
            Fill(volume);
            entries = [volume.GetEntry("/"), .. volume.GetEntries(), .. volume.GetEntries("d")];
        }

        for (int copy = 0; copy < 2; copy++)
        {
            byte[] page = device.Read(copy == 0 ? 0 : 511 * 4096, 4096).ToArray();
            CheckSuperblock(page, copy);
            byte[] slot = NewestSlot(page, copy);
            Assert.That(Value("Root slot", "size", slot), Is.EqualTo(device.PageCount));
            long sequence = Value("Root slot", "sequence", slot);
            Assert.That(sequence, Is.GreaterThan(1), "the log was renewed");
            long count = Value("Root slot", "segment_count", slot);
            for (int log = 0; log < 2; log++)
            {
                ReadLog(LogBytes(slot, count, log), sequence, log, entries);
            }
        }
    }

    [Test]
    public void TheFeatureBitsActAsThePageSays()
    {
        DaxVolume.Format(device);
        SetBit("compatible");
        DaxVolume.Mount(device).Dispose();
        SetBit("read_only_compatible");
        using (var volume = DaxVolume.Mount(device))
        {
            Assert.That(volume.ReadOnlyReason, Does.Contain("(bits 2)"));
            Assert.That(() => volume.Create("a"), Throws.TypeOf<VolumeException>());
        }

        device.CopyPersist(FieldOf("Superblock", "label").At, [1]);
        Assert.That(() => DaxVolume.Repair(device), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.Newer), "what is not known must not be written");
        DaxVolume.Format(device);
        SetBit("compatible");
        device.CopyPersist(FieldOf("Superblock", "label").At, [1]);
        Assert.That(DaxVolume.Repair(device).Repairs, Is.Not.Empty);
        Assert.That(Value("Superblock", "compatible", device.Read(0, 256).ToArray()), Is.EqualTo(2), "a repair keeps it");

        SetBit("incompatible");
        Assert.That(() => DaxVolume.Mount(device), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.Newer).And.Message.Contains("(bits 2)"));
        DaxVolume.Format(device);
        SetBit("version");
        Assert.That(() => DaxVolume.Mount(device), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.Newer).And.Message.Contains("version 3"));
        Assert.That(() => DaxVolume.Repair(device), Throws.TypeOf<VolumeException>());
        DaxVolume.Format(device);
        SetBit("page_size");
        Assert.That(() => DaxVolume.Mount(device), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.Newer).And.Message.Contains("4098"));
    }

    public void Dispose() => device.Dispose();

    // Names, a clone, a hole, an unwritten block, and so many changes that the log is renewed.
    private static void Fill(DaxVolume volume)
    {
        volume.CreateDirectory("d");
        using (DaxFile file = volume.Create("d/straße"))
        using (DaxFile clone = volume.Create("clone", 9))
        {
            file.Write(new byte[9000], 3 * 4096);
            file.CloneTo(clone);
            file.Allocate(20 * 4096, 4096);
        }

        volume.SetMode("d", 0x1C0);
        volume.Link("clone", "twin");
        for (int i = 0; i < 200; i++)
        {
            volume.Create("gone").Dispose();
            volume.Delete("gone");
        }
    }

    private void CheckSuperblock(byte[] page, int copy)
    {
        Assert.That(Bytes("Superblock", "magic", page), Is.EqualTo("DaxEmuFS"u8.ToArray()));
        Assert.That(Value("Superblock", "version", page), Is.EqualTo(1));
        Assert.That(Value("Superblock", "page_size", page), Is.EqualTo(4096));
        Assert.That((Value("Superblock", "compatible", page), Value("Superblock", "read_only_compatible", page), Value("Superblock", "incompatible", page)), Is.EqualTo((0L, 0L, 0L)));
        Assert.That(Bytes("Superblock", "id", page), Is.EqualTo(id.ToByteArray()));
        Assert.That(Value("Superblock", "copy", page), Is.EqualTo(copy));
        Assert.That(Encoding.UTF8.GetString(Bytes("Superblock", "label", page)).TrimEnd('\0'), Is.EqualTo("bücher"));
        Assert.That((ulong)Value("Superblock", "checksum", page), Is.EqualTo(Checksum(page.AsSpan(0, FieldOf("Superblock", "checksum").At), 0)));
    }

    private byte[] NewestSlot(byte[] page, int copy)
    {
        byte[][] slots = [page[1024..2048], page[2048..3072]];
        byte[] newest = slots.MaxBy(slot => Value("Root slot", "sequence", slot))!;
        Assert.That(slots[Value("Root slot", "sequence", newest) % 2], Is.SameAs(newest));
        Assert.That(Value("Root slot", "copy", newest), Is.EqualTo(copy));
        int length = 32 + (2 * 16 * (int)Value("Root slot", "segment_count", newest));
        ulong place = Place(Value("Root slot", "sequence", newest), length);
        Assert.That((ulong)Value("Root slot", "checksum", newest), Is.EqualTo(Checksum(newest.AsSpan(16, length - 16), place)));
        return newest;
    }

    private byte[] LogBytes(byte[] slot, long count, int log)
    {
        var bytes = new List<byte>();
        for (int i = 0; i < count; i++)
        {
            byte[] segment = slot[(32 + (16 * ((log * (int)count) + i)))..];
            bytes.AddRange(device.Read(Value("Segment", "first_page", segment) * 4096, (int)Value("Segment", "page_count", segment) * 4096).ToArray());
        }

        return [.. bytes];
    }

    private void ReadLog(byte[] log, long sequence, int copy, VolumeEntry[] expected)
    {
        Assert.That(Bytes("Log head", "magic", log), Is.EqualTo("DaxEmuLG"u8.ToArray()));
        Assert.That((Value("Log head", "sequence", log), Value("Log head", "copy", log)), Is.EqualTo((sequence, (long)copy)));
        Assert.That((ulong)Value("Log head", "checksum", log), Is.EqualTo(Checksum(log.AsSpan(0, FieldOf("Log head", "checksum").At), Place(sequence, 0))));
        ulong word = (ulong)Value("Log head", "tail", log);
        long tail = (long)(word >> 24) * 8;
        Assert.That(word & 0xFF_FFFF, Is.EqualTo(Mix(Place(sequence, 0) + (ulong)copy, (ulong)tail) >> 40));
        var inodes = new SortedDictionary<long, (bool IsDirectory, long Mode, long Links, long Size, long Created, long Modified, long Changed, long Pages)>();
        var names = new SortedDictionary<(long Directory, string Name), long>();
        bool isSnapshot = true;
        long transaction = 0;
        bool isBegun = false;
        for (int at = 128; at < tail;)
        {
            byte[] header = log[at..(at + 24)];
            int length = (int)Value("Record", "length", header);
            byte[] content = log[(at + 24)..(at + length)];
            Assert.That(length % 8, Is.Zero);
            Assert.That((ulong)Value("Record", "checksum", header), Is.EqualTo(Checksum(content, Checksum(header.AsSpan(0, 16), Place(sequence, at)))));
            transaction += isBegun ? 0 : 1;
            Assert.That(Value("Record", "transaction", header), Is.EqualTo(transaction));
            isBegun = Value("Record", "last", header) == 0;
            string kind = Tables.Keys.Single(k => k.EndsWith($"(kind {Value("Record", "kind", header)})", StringComparison.Ordinal));
            long Of(string field) => Value(kind, field, content);
            switch (kind.Split(' ')[0])
            {
                case "Inode":
                    inodes[Of("inode")] = (Of("is_directory") == 1, Of("mode"), Of("link_count"), Of("size"), Of("created"), Of("modified"), Of("changed"), inodes.GetValueOrDefault(Of("inode")).Pages);
                    break;
                case "Link" or "Unlink":
                    bool isLink = kind.StartsWith('L');
                    (long Directory, string Name) name = (Of("directory"), Encoding.UTF8.GetString(content, FieldOf(kind, "name").At, (int)Of(NameLength)));
                    Assert.That(names.ContainsKey(name), Is.Not.EqualTo(isLink));
                    _ = isLink ? names[name] = Of("target") : names.Remove(name) ? 0 : 1;
                    if (!isSnapshot)
                    {
                        var target = inodes[Of("target")];
                        inodes[Of("target")] = target with { Links = target.Links + (isLink ? 1 : -1), Changed = Of("time") };
                        inodes[Of("directory")] = inodes[Of("directory")] with { Modified = Of("time"), Changed = Of("time") };
                    }

                    break;
                case "Forget":
                    Assert.That(inodes.Remove(Of("inode")), Is.True);
                    break;
                case "Size":
                    inodes[Of("inode")] = inodes[Of("inode")] with { Size = Of("size"), Modified = Of("time"), Changed = Of("time") };
                    break;
                case "Blocks":
                    Assert.That(Of("page_count"), Is.GreaterThan(0));
                    long pages = 0;
                    for (int i = 0; i < Of("extent_count"); i++)
                    {
                        byte[] extent = content[(32 + (24 * i))..];
                        Assert.That(Value("Extent", "file_page", extent), Is.GreaterThanOrEqualTo(Of("first_page")));
                        Assert.That(Value("Extent", "device_page", extent), Is.Positive);
                        Assert.That((Value("Extent", "is_written", extent), Value("Extent", "is_shared", extent)), Is.EqualTo((1L, 1L)).Or.EqualTo((1L, 0L)).Or.EqualTo((0L, 0L)));
                        pages += Value("Extent", "page_count", extent);
                    }

                    inodes[Of("inode")] = inodes[Of("inode")] with { Pages = pages };
                    break;
                default:
                    Assert.That((Of("inodes"), Of("names"), Of("extents")), Is.EqualTo(((long)inodes.Count, (long)names.Count, Of("extents"))));
                    break;
            }

            isSnapshot &= isBegun;
            at += length;
        }

        Assert.That(names.Keys.Select(k => k.Name), Is.EquivalentTo(expected.Skip(1).Select(e => e.Name)));
        foreach (VolumeEntry entry in expected)
        {
            var found = inodes[entry.Number];
            Assert.That(
                (found.IsDirectory, found.Mode, found.Links, found.Size, found.Created, found.Modified, found.Changed, found.Pages * 4096),
                Is.EqualTo((entry.IsDirectory, (long)entry.Mode, (long)entry.LinkCount, entry.Length, entry.CreatedUtc.Ticks, entry.ModifiedUtc.Ticks, entry.ChangedUtc.Ticks, entry.AllocatedBytes)),
                entry.Name);
        }
    }

    // In both copies, with a checksum that is right again.
    private void SetBit(string field)
    {
        for (int copy = 0; copy < 2; copy++)
        {
            byte[] bytes = device.Read(copy == 0 ? 0 : 511 * 4096, 256).ToArray();
            bytes[FieldOf("Superblock", field).At] |= 2;
            int checksumAt = FieldOf("Superblock", "checksum").At;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(checksumAt), Checksum(bytes.AsSpan(0, checksumAt), 0));
            device.CopyPersist(copy == 0 ? 0 : 511 * 4096, bytes);
        }
    }

    private static ulong Checksum(ReadOnlySpan<byte> bytes, ulong place) => XxHash3.HashToUInt64(bytes, (long)place);

    private ulong Place(long sequence, long at) => Checksum([.. id.ToByteArray(), .. BitConverter.GetBytes(sequence), .. BitConverter.GetBytes(at)], 0);

    private static ulong Mix(ulong place, ulong offset)
    {
        ulong z = place ^ (offset * 0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static Field FieldOf(string table, string name) => Tables[table].First(f => f.Name == name);

    private static byte[] Bytes(string table, string name, byte[] source) => source[FieldOf(table, name).At..(FieldOf(table, name).At + FieldOf(table, name).Bytes)];

    private static long Value(string table, string name, byte[] source) => Bytes(table, name, source) switch
    {
        { Length: 1 } one => one[0],
        { Length: 2 } two => BinaryPrimitives.ReadUInt16LittleEndian(two),
        { Length: 4 } four => BinaryPrimitives.ReadUInt32LittleEndian(four),
        var eight => BinaryPrimitives.ReadInt64LittleEndian(eight),
    };

    private static Dictionary<string, Field[]> ReadTables()
    {
        var tables = new Dictionary<string, List<Field>>();
        string heading = string.Empty;
        foreach (string line in Page)
        {
            if (line.StartsWith("##", StringComparison.Ordinal))
            {
                heading = line.TrimStart('#').Trim();
            }
            else if (Row().Match(line) is { Success: true } row)
            {
                if (!tables.TryGetValue(heading, out List<Field>? fields))
                {
                    tables.Add(heading, fields = []);
                }

                fields.Add(new Field((int)Parse(row.Groups[1].Value), row.Groups[2].Value == NameLength ? 0 : (int)Parse(row.Groups[2].Value), row.Groups[3].Value));
            }
        }

        return tables.ToDictionary(pair => pair.Key, pair => pair.Value.ToArray());
    }

    private static long Parse(string number) => long.Parse(number, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^\| (\d+) \| (\d+|name_length) \| `(\w+)` \|")]
    private static partial Regex Row();

    [GeneratedRegex(@"^\| `(\w+)` \| (\d+) \|")]
    private static partial Regex Number();

    [GeneratedRegex(@"^(\w+) \(kind (\d)\)$")]
    private static partial Regex Kind();

    private sealed record Field(int At, int Bytes, string Name);
}
