using System.Buffers.Binary;
using System.Text;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>What never changes about a volume; written by format, in two copies.</summary>
/// <param name="Id">The volume's id.</param>
/// <param name="CreatedTicks">When it was made, in 100 ns since year 1 (UTC).</param>
/// <param name="Label">A name for people.</param>
internal sealed record Superblock(Guid Id, long CreatedTicks, string Label)
{
    /// <summary>The most bytes of UTF-8 that a label may have.</summary>
    public const int LabelBytes = 64;

    private const int VersionAt = 8;
    private const int PageSizeAt = 12;
    private const int CompatibleAt = 16;
    private const int ReadOnlyCompatibleAt = 24;
    private const int IncompatibleAt = 32;
    private const int IdAt = 40;
    private const int CreatedAt = 56;
    private const int CopyAt = 64;
    private const int LabelAt = 72;
    private const int ChecksumAt = VolumeFormat.SuperblockBytes - sizeof(ulong);

    /// <summary>Features that may be anything; kept when it is written again.</summary>
    public ulong Compatible { get; init; }

    /// <summary>Features without which the volume can still be read, but not written.</summary>
    public ulong ReadOnlyCompatible { get; init; }

    /// <summary>Takes the mark away by which a superblock is known: from here on there is no volume. Durable after the next drain.</summary>
    public static void Unmark(IPersistentMemory memory, int copy) => Mark(memory, copy, new byte[sizeof(ulong)]);

    /// <summary>Sets the mark of a copy that is durable otherwise: one word, so it is there or not. Durable after the next drain.</summary>
    public static void Mark(IPersistentMemory memory, int copy) => Mark(memory, copy, VolumeFormat.Magic);

    /// <summary>Writes a copy; it is durable after the next drain.</summary>
    /// <param name="memory">The medium.</param>
    /// <param name="copy">Which copy.</param>
    /// <param name="isMarked">Whether the mark is written, too, by which it is known.</param>
    public void Write(IPersistentMemory memory, int copy, bool isMarked = true)
    {
        byte[] bytes = new byte[VolumeFormat.SuperblockBytes];
        VolumeFormat.Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(VersionAt), VolumeFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(PageSizeAt), DaxConstants.PageSize);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(CompatibleAt), Compatible);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(ReadOnlyCompatibleAt), ReadOnlyCompatible);
        _ = Id.TryWriteBytes(bytes.AsSpan(IdAt));
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(CreatedAt), CreatedTicks);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(CopyAt), copy);
        _ = Encoding.UTF8.GetBytes(Label, bytes.AsSpan(LabelAt, LabelBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(ChecksumAt), VolumeFormat.Checksum(bytes.AsSpan(0, ChecksumAt), 0));
        int from = isMarked ? 0 : VolumeFormat.Magic.Length;
        memory.CopyNonTemporal(VolumeFormat.SuperblockPage(copy).OffsetBytes + from, bytes.AsSpan(from));
    }

    /// <summary>Reads a copy.</summary>
    /// <param name="memory">The medium, which has at least 2 MiB.</param>
    /// <param name="copy">Which copy.</param>
    /// <param name="reason">Why there is none to be used.</param>
    /// <param name="problem">The same in words.</param>
    public static Superblock? Read(IPersistentMemory memory, int copy, out VolumeRefusal reason, out string? problem)
    {
        reason = VolumeRefusal.NoVolume;
        long offset = VolumeFormat.SuperblockPage(copy).OffsetBytes;
        if (!Media.TryRead(memory, offset, VolumeFormat.Magic.Length, out ReadOnlySpan<byte> bytes))
        {
            reason = VolumeRefusal.Damaged;
            problem = $"copy {copy} of the superblock lies on a page that is lost";
            return null;
        }

        if (!bytes.StartsWith(VolumeFormat.Magic))
        {
            problem = $"copy {copy} of the superblock, at page {VolumeFormat.SuperblockPage(copy)}, does not begin with '{Encoding.ASCII.GetString(VolumeFormat.Magic)}'";
            return null;
        }

        _ = Media.TryRead(memory, offset, VolumeFormat.SuperblockBytes, out bytes);
        bool isSound = BinaryPrimitives.ReadUInt64LittleEndian(bytes[ChecksumAt..]) == VolumeFormat.Checksum(bytes[..ChecksumAt], 0)
            && BinaryPrimitives.ReadInt32LittleEndian(bytes[CopyAt..]) == copy;
        reason = VolumeRefusal.Damaged;
        if (!isSound)
        {
            problem = $"copy {copy} of the superblock fails its checksum";
            return null;
        }

        reason = VolumeRefusal.Newer;
        problem = TooNew(bytes);
        if (problem is not null)
        {
            return null;
        }

        ReadOnlySpan<byte> label = bytes.Slice(LabelAt, LabelBytes);
        int end = label.IndexOf((byte)0);
        return new Superblock(
            new Guid(bytes.Slice(IdAt, 16)),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[CreatedAt..]),
            Encoding.UTF8.GetString(end < 0 ? label : label[..end]))
        {
            Compatible = BinaryPrimitives.ReadUInt64LittleEndian(bytes[CompatibleAt..]),
            ReadOnlyCompatible = BinaryPrimitives.ReadUInt64LittleEndian(bytes[ReadOnlyCompatibleAt..]),
        };
    }

    private static void Mark(IPersistentMemory memory, int copy, ReadOnlySpan<byte> mark)
    {
        long offset = VolumeFormat.SuperblockPage(copy).OffsetBytes;
        memory.Store(offset, mark);
        memory.Flush(offset, sizeof(ulong));
    }

    private static string? TooNew(ReadOnlySpan<byte> bytes)
    {
        int version = BinaryPrimitives.ReadInt32LittleEndian(bytes[VersionAt..]);
        int pageSize = BinaryPrimitives.ReadInt32LittleEndian(bytes[PageSizeAt..]);
        ulong incompatible = BinaryPrimitives.ReadUInt64LittleEndian(bytes[IncompatibleAt..]);
        return version != VolumeFormat.Version ? $"it has version {version} of the format, and this is for version {VolumeFormat.Version}"
            : pageSize != DaxConstants.PageSize ? $"its pages have {pageSize} bytes, not {DaxConstants.PageSize}"
            : incompatible != 0 ? $"it uses features (bits {incompatible:x}) that are not known here"
            : null;
    }
}
