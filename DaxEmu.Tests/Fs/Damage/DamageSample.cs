using System.Globalization;
using System.IO.Hashing;
using DaxEmu.Core;
using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Tests.Fs.Damage;

/// <summary>One copy of a structure on the medium.</summary>
/// <param name="IsLog">Whether it is a log; otherwise the page of a superblock with its root slots.</param>
/// <param name="Copy">Which copy.</param>
/// <param name="Pages">Its pages.</param>
internal sealed record DamageTarget(bool IsLog, int Copy, IReadOnlyList<long> Pages)
{
    public override string ToString() => $"{(IsLog ? "log" : "superblock page")} {Copy}";
}

/// <summary>The medium of a volume, and what is on it.</summary>
/// <param name="Name">What is special about it.</param>
/// <param name="Image">The medium.</param>
/// <param name="Older">Earlier states of the same volume.</param>
internal sealed record DamageSample(string Name, byte[] Image, IReadOnlyList<byte[]> Older)
{
    /// <summary>Bytes of the medium.</summary>
    public const int SizeBytes = 2 << 20;

    private const int PageBytes = DaxConstants.PageSize;

    /// <summary>What a mount for reading finds.</summary>
    public string State { get; private set; } = "";

    /// <summary>What any other mount finds: without files that were deleted while they were open.</summary>
    public string StateWithoutOrphans { get; private set; } = "";

    /// <summary>States that were there before: only an older copy of a page may lead to one.</summary>
    public HashSet<string> OlderStates { get; } = [];

    /// <summary>Whether a power cut has left the newest state in one copy only.</summary>
    public bool IsOneCopyBehind { get; private set; }

    /// <summary>What can be damaged.</summary>
    public IReadOnlyList<DamageTarget> Targets { get; private set; } = [];

    /// <summary>Where the records of the log begin, and the tail.</summary>
    public VolumeReading Reading { get; private set; } = new();

    /// <summary>The bytes of a log's offset in one of its copies.</summary>
    public long PlaceInLog(int copy, long at) => (Targets.Single(t => t.IsLog && t.Copy == copy).Pages[(int)(at / PageBytes)] * PageBytes) + (at % PageBytes);

    /// <summary>Volumes of all kinds.</summary>
    public static IReadOnlyList<DamageSample> MakeAll()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        var samples = new List<DamageSample>();
        DaxVolume.Format(device, new VolumeOptions { Label = "sample" });
        byte[] empty = Bytes(device);
        samples.Add(Of(device, "a new volume", empty, []));
        List<byte[]> older = [empty];
        var passed = new List<string>();
        using (var volume = DaxVolume.Mount(device))
        {
            Fill(volume, older, device);
            samples.Add(Of(device, "files, directories, clones and holes", Bytes(device), older));
            AddCut(device, volume, samples, older, passed, "a tail of copy 1 that a cut left behind", 1, renews: false);
            AddCut(device, volume, samples, older, passed, "a tail of copy 0 that a cut left behind", 0, renews: false);
            for (int i = 0; i < 600; i++)
            {
                volume.Rename(i % 2 == 0 ? "d/moved" : "moved", i % 2 == 0 ? "moved" : "d/moved");
                passed.Add(StateOf(volume));
                if (i % 50 == 0)
                {
                    older.Add(Bytes(device));
                }
            }

            samples.Add(Of(device, "a log that was renewed often", Bytes(device), older));
            AddCut(device, volume, samples, older, passed, "a root that a cut left behind", 1, renews: true);
            DaxFile orphan = volume.Create("orphan");
            orphan.Write(new byte[5000], 0);
            orphan.Sync();
            volume.Delete("orphan");
            byte[] withOrphan = Bytes(device);
            orphan.Dispose();
            passed.Add(StateOf(volume));
            samples.Add(Of(device, "a file that was deleted while it was open", withOrphan, older));
        }

        samples.Add(Of(device, "an unmounted volume", Bytes(device), older));
        samples.ForEach(sample => sample.OlderStates.UnionWith(passed));
        return samples;
    }

    /// <summary>All that a volume knows, and what its files hold, as a word.</summary>
    public static string StateOf(DaxVolume volume)
    {
        var hash = new XxHash128();
        volume.Store.Look(state =>
        {
            Append(hash, state, volume.Device);
            return true;
        });
        return Convert.ToHexString(hash.GetCurrentHash());
    }

    private static void Append(XxHash128 hash, VolumeState state, PmemDevice device)
    {
        hash.Append(BitConverter.GetBytes(state.PageCount));
        hash.Append(state.Snapshot().Bytes);
        foreach (Extent extent in state.Inodes.OrderBy(inode => inode.Number).SelectMany(inode => inode.Blocks.In(PageRange.All)))
        {
            if (extent.Kind == ExtentKind.Mapped)
            {
                hash.Append(device.GetSpan(extent.Pfn, extent.PageCount));
            }
        }
    }

    private static void Fill(DaxVolume volume, List<byte[]> older, PmemDevice device)
    {
        var random = new Random(11);
        byte[] content = new byte[40_000];
        volume.CreateDirectory("d");
        volume.CreateDirectory("d/e");
        for (int i = 0; i < 12; i++)
        {
            string name = (i % 3) switch { 0 => $"d/file {i}", 1 => $"ä{i}", _ => $"d/e/{i}" };
            using DaxFile file = volume.Create(name, random.Next(100_000));
            for (int k = 0; k < random.Next(8); k++)
            {
                random.NextBytes(content);
                file.Write(content.AsSpan(0, random.Next(content.Length)), random.Next(30) * PageBytes * 2);
            }

            file.Allocate(random.Next(40) * PageBytes, PageBytes);
            file.Sync();
            if (i % 4 == 3)
            {
                using DaxFile clone = volume.Create(name + ".clone", file.Length);
                file.CloneTo(clone);
                clone.Write([1, 2, 3], 7);
            }

            older.Add(Bytes(device));
        }

        volume.Link("d/file 0", "link");
        volume.Rename("d/file 3", "d/moved");
        volume.SetMode("d/e", 0x1C0);
    }

    // The medium after an operation, of which one copy has not arrived: what a power cut may leave.
    private static void AddCut(PmemDevice device, DaxVolume volume, List<DamageSample> samples, List<byte[]> older, List<string> passed, string name, int behind, bool renews)
    {
        byte[] before;
        byte[] after;
        long sequence;
        do
        {
            before = Bytes(device);
            sequence = volume.Store.LookAtLog((_, log) => log.Sequence);
            volume.SetMode("link", volume.GetEntry("link").Mode ^ 0x40);
            passed.Add(StateOf(volume));
            after = Bytes(device);
        }
        while (renews != (volume.Store.LookAtLog((_, log) => log.Sequence) != sequence));

        byte[] cut = [.. after];
        DamageSample complete = Of(device, name, after, [before]);
        if (renews)
        {
            Array.Copy(before, VolumeFormat.SuperblockPage(behind).OffsetBytes, cut, VolumeFormat.SuperblockPage(behind).OffsetBytes, PageBytes);
        }
        else
        {
            long tail = complete.PlaceInLog(behind, VolumeFormat.TailOffset);
            Array.Copy(before, tail, cut, tail, sizeof(ulong));
        }

        DamageSample sample = Of(device, name, cut, [.. older, before]);
        sample.IsOneCopyBehind = true;
        samples.Add(sample);
        device.CopyPersist(0, after);
    }

    private static DamageSample Of(PmemDevice source, string name, byte[] image, IReadOnlyList<byte[]> older)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(source.SizeBytes);
        var sample = new DamageSample(name, image, [.. older]);
        foreach (byte[] earlier in older)
        {
            (string state, string withoutOrphans) = StatesOf(device, earlier);
            sample.OlderStates.Add(state);
            sample.OlderStates.Add(withoutOrphans);
        }

        (sample.State, sample.StateWithoutOrphans) = StatesOf(device, image);
        device.CopyPersist(0, image);
        sample.Reading = VolumeReader.Read(device);
        RootSlot root = sample.Reading.Root!;
        sample.Targets =
        [
            new DamageTarget(false, 0, [0]),
            new DamageTarget(false, 1, [511]),
            .. root.Segments.Select((segments, copy) => new DamageTarget(true, copy, [.. segments.SelectMany(s => Enumerable.Range(0, (int)s.PageCount).Select(i => s.First.Value + i))])),
        ];
        return sample;
    }

    private static (string State, string WithoutOrphans) StatesOf(PmemDevice device, byte[] image)
    {
        device.CopyPersist(0, image);
        string state;
        using (var volume = DaxVolume.Mount(device, new VolumeOptions { ReadOnly = true }))
        {
            state = StateOf(volume);
        }

        using var written = DaxVolume.Mount(device);
        return (state, StateOf(written));
    }

    private static byte[] Bytes(PmemDevice device) => device.Read(0, SizeBytes).ToArray();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} ({Reading.Tail} bytes of log {Reading.Root?.Sequence})");
}
