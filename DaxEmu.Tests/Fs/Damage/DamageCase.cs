using System.Buffers.Binary;
using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Tests.Fuzzing;

namespace DaxEmu.Tests.Fs.Damage;

/// <summary>Damage to a sample, made from a seed alone.</summary>
internal sealed class DamageCase
{
    private const int PageBytes = DaxConstants.PageSize;
    private const int LineBytes = 64;

    private readonly FuzzRandom random;
    private readonly DamageSample sample;
    private readonly List<string> steps = [];
    private readonly byte[] image;
    private readonly bool[] mayHit = new bool[4];

    /// <summary>Makes a case.</summary>
    /// <param name="samples">The volumes that there are.</param>
    /// <param name="seed">The case's number.</param>
    /// <param name="image">Memory of an image, which the case changes.</param>
    public DamageCase(IReadOnlyList<DamageSample> samples, int seed, byte[] image)
    {
        this.image = image;
        random = new FuzzRandom((ulong)seed);
        sample = random.Pick(samples);
        Seed = seed;
        sample.Image.CopyTo(image, 0);
        ChooseTargets();
        IsResealed = random.OneIn(5);
        for (int i = random.Geometric(1, 8); i > 0; i--)
        {
            if (IsResealed)
            {
                Reseal();
            }
            else
            {
                Damage();
            }
        }
    }

    public int Seed { get; }

    public DamageSample Sample => sample;

    public byte[] Image => image;

    /// <summary>Pages that are lost.</summary>
    public List<Pfn> Lost { get; } = [];

    /// <summary>Whether what was changed has a checksum that is right: then any state may be there, but no other failure.</summary>
    public bool IsResealed { get; }

    /// <summary>Whether older or other copies were put somewhere.</summary>
    public bool HasOlderCopies { get; private set; }

    /// <summary>Whether each structure has a copy that was not changed.</summary>
    public bool LeavesACopyOfEach => !(IsHit(0) && IsHit(1)) && !(IsHit(2) && IsHit(3));

    /// <summary>Whether what was changed is the only place of the newest state, after a power cut.</summary>
    public bool HitsTheCopyAhead => sample.IsOneCopyBehind && Enumerable.Range(0, 4).Any(IsHit);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"case {Seed}, {sample}: {string.Join("; ", steps)}");

    private bool IsHit(int target) => sample.Targets[target].Pages.Any(page =>
        Lost.Contains(new Pfn(page)) || !image.AsSpan((int)page * PageBytes, PageBytes).SequenceEqual(sample.Image.AsSpan((int)page * PageBytes, PageBytes)));

    // Half of the cases leave a copy of each structure alone.
    private void ChooseTargets()
    {
        if (random.OneIn(2))
        {
            Array.Fill(mayHit, true);
            return;
        }

        mayHit[random.Below(2)] = !random.OneIn(3);
        mayHit[2 + random.Below(2)] = !mayHit[0] && !mayHit[1] || !random.OneIn(3);
    }

    private DamageTarget Target()
    {
        int at;
        do
        {
            at = random.Below(4);
        }
        while (!mayHit[at]);

        return sample.Targets[at];
    }

    private void Damage()
    {
        DamageTarget target = Target();
        long at = Place(target);
        string where = string.Create(CultureInfo.InvariantCulture, $"{target}, byte {at}");
        int line = (int)(at / LineBytes * LineBytes);
        int page = (int)(at / PageBytes * PageBytes);
        switch (random.Below(10))
        {
            case 0 or 1:
                image[at] ^= (byte)(1 << random.Below(8));
                steps.Add($"bit flip in {where}");
                break;
            case 2:
                Fill((int)at, Math.Min(random.Between(1, LineBytes), PageBytes - ((int)at % PageBytes)), where);
                break;
            case 3:
                Fill(line, LineBytes, where);
                break;
            case 4:
                Fill(page, PageBytes, where);
                break;
            case 5 or 6:
                PutBack(random.OneIn(2) ? (page, PageBytes) : (line, LineBytes), where);
                break;
            case 7:
                Move(target, page, where);
                break;
            case 8:
                Swap(target, page, where);
                break;
            default:
                Lost.Add(new Pfn(page / PageBytes));
                steps.Add($"page of {where} lost");
                break;
        }
    }

    // Mostly where something stands.
    private long Place(DamageTarget target)
    {
        if (!target.IsLog)
        {
            int start = random.Pick([0, VolumeFormat.FirstRootSlot, VolumeFormat.FirstRootSlot + VolumeFormat.RootSlotBytes, 0]);
            return (target.Pages[0] * PageBytes) + start + random.Below(start == 0 ? VolumeFormat.SuperblockBytes : VolumeFormat.RootHeaderBytes + 32);
        }

        long capacity = target.Pages.Count * PageBytes;
        long within = random.OneIn(4) ? random.Below(VolumeFormat.FirstRecord) : random.Below((int)Math.Min(capacity, sample.Reading.Tail + 200));
        return sample.PlaceInLog(target.Copy, within);
    }

    private void Fill(int at, int length, string where)
    {
        int kind = random.Below(3);
        for (int i = at; i < at + length; i++)
        {
            image[i] = kind == 0 ? random.Byte() : kind == 1 ? (byte)0 : (byte)0xFF;
        }

        steps.Add($"{length} bytes of {(kind == 0 ? "noise" : kind == 1 ? "zeroes" : "ones")} in {where}");
    }

    private void PutBack((int At, int Length) what, string where)
    {
        if (sample.Older.Count == 0)
        {
            Fill(what.At, what.Length, where);
            return;
        }

        HasOlderCopies = true;
        int index = random.Below(sample.Older.Count);
        Array.Copy(sample.Older[index], what.At, image, what.At, what.Length);
        steps.Add($"{what.Length} older bytes ({index}) in {where}");
    }

    // From the twin, or from anywhere.
    private void Move(DamageTarget target, int page, string where)
    {
        DamageTarget twin = sample.Targets.Single(t => t.IsLog == target.IsLog && t.Copy != target.Copy);
        long from = random.OneIn(2) ? random.Pick(twin.Pages) : random.Below(DamageSample.SizeBytes / PageBytes);
        HasOlderCopies = true;
        Array.Copy(sample.Image, from * PageBytes, image, page, PageBytes);
        steps.Add($"page {from} over {where}");
    }

    // With its twin, if that may be hit, or with another page of the same copy.
    private void Swap(DamageTarget target, int page, string where)
    {
        DamageTarget twin = sample.Targets.Single(t => t.IsLog == target.IsLog && t.Copy != target.Copy);
        bool mayTwin = mayHit[(target.IsLog ? 2 : 0) + twin.Copy];
        long other = mayTwin ? random.Pick(twin.Pages) : random.Pick(target.Pages);
        HasOlderCopies = true;
        byte[] kept = image[page..(page + PageBytes)];
        Array.Copy(image, other * PageBytes, image, page, PageBytes);
        kept.CopyTo(image, other * PageBytes);
        steps.Add($"page {other} and that of {where} swapped");
    }

    // Something else, in both copies, with checksums that are right.
    private void Reseal()
    {
        switch (random.Below(5))
        {
            case 0:
                ResealSuperblock();
                break;
            case 1:
                ResealRoot();
                break;
            default:
                ResealRecord();
                break;
        }
    }

    private void ResealSuperblock()
    {
        int at = random.Between(8, 135);
        byte value = Changed(image[at]);
        for (int copy = 0; copy < 2; copy++)
        {
            Span<byte> bytes = image.AsSpan((int)VolumeFormat.SuperblockPage(copy).OffsetBytes, VolumeFormat.SuperblockBytes);
            bytes[at] = value;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[^8..], VolumeFormat.Checksum(bytes[..^8], 0));
        }

        steps.Add($"byte {at} of both superblocks is {value}");
    }

    private void ResealRoot()
    {
        RootSlot root = sample.Reading.Root!;
        int length = VolumeFormat.RootHeaderBytes + (root.Segments[0].Length * 2 * 16);
        int at = random.OneIn(4) ? random.Between(16, 27) : random.Between(VolumeFormat.RootHeaderBytes, length - 1);
        byte value = random.Byte();
        for (int copy = 0; copy < 2; copy++)
        {
            Span<byte> bytes = image.AsSpan((int)VolumeFormat.RootSlotOffset(copy, RootSlot.SlotOf(root.Sequence)), length);
            bytes[at] = value;
            ulong place = VolumeFormat.Place(sample.Reading.Superblock!.Id, BinaryPrimitives.ReadInt64LittleEndian(bytes), length);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], VolumeFormat.Checksum(bytes[16..], place));
        }

        steps.Add($"byte {at} of both roots is {value}");
    }

    private void ResealRecord()
    {
        List<int> starts = [];
        byte[] log = Log(0);
        for (long next = VolumeFormat.FirstRecord; next < sample.Reading.Tail;)
        {
            starts.Add((int)next);
            next += Math.Max(24, RecordReader.LengthOf(log.AsSpan((int)next)));
        }

        int at = random.Pick(starts);
        int length = RecordReader.LengthOf(log.AsSpan(at));
        if (length <= VolumeFormat.RecordHeaderBytes || length % sizeof(ulong) != 0 || length > log.Length - at)
        {
            return; // a step before has changed it
        }

        Span<byte> record = log.AsSpan(at, length);
        int changed = random.OneIn(4) ? random.Below(16) : VolumeFormat.RecordHeaderBytes + random.Below(record.Length - VolumeFormat.RecordHeaderBytes);
        if (random.OneIn(4) && changed >= VolumeFormat.RecordHeaderBytes)
        {
            changed &= ~7;
            BinaryPrimitives.WriteInt64LittleEndian(record[changed..], random.Pick([long.MaxValue, long.MinValue, -1, int.MaxValue, 0, long.MaxValue - 4095]));
        }
        else
        {
            record[changed] = Changed(record[changed]);
        }

        ulong checksum = RecordReader.ChecksumOf(record, sample.Reading.Superblock!.Id, sample.Reading.Root!.Sequence, at);
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], checksum);
        for (int copy = 0; copy < 2; copy++)
        {
            for (int i = at; i < at + length; i++)
            {
                image[sample.PlaceInLog(copy, i)] = log[i];
            }
        }

        steps.Add($"byte {changed} of the record at {at} is other");
    }

    private byte[] Log(int copy) => [.. sample.Targets.Single(t => t.IsLog && t.Copy == copy).Pages.SelectMany(page => image[(int)(page * PageBytes)..(int)((page + 1) * PageBytes)])];

    private byte Changed(byte value) => random.OneIn(2) ? (byte)(value ^ (1 << random.Below(8))) : random.Byte();
}
