using System.IO.Hashing;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>The numbers of the format on media; <c>docs/format.md</c> draws it.</summary>
internal static class VolumeFormat
{
    /// <summary>The version that is written, and the newest that is read.</summary>
    public const int Version = 1;

    /// <summary>Every structure is kept twice.</summary>
    public const int CopyCount = 2;

    /// <summary>The number of the root directory's inode.</summary>
    public const long RootInode = 1;

    /// <summary>Bytes of a superblock that its checksum covers, and where the checksum stands.</summary>
    public const int SuperblockBytes = 256;

    /// <summary>Where the two root slots stand in a superblock's page, and how long one may be.</summary>
    public const int FirstRootSlot = 1024;

    /// <summary>Bytes of a root slot with the most segments.</summary>
    public const int RootSlotBytes = 1024;

    /// <summary>Bytes of a root slot before its segments.</summary>
    public const int RootHeaderBytes = 32;

    /// <summary>The most segments that one copy of a log may consist of.</summary>
    public const int MostSegments = 30;

    /// <summary>Where the tail word stands in a log, on a cache line of its own.</summary>
    public const int TailOffset = 64;

    /// <summary>Where the records of a log begin.</summary>
    public const int FirstRecord = 128;

    /// <summary>Bytes of a record before its content.</summary>
    public const int RecordHeaderBytes = 24;

    /// <summary>The least that a copy of a log is given.</summary>
    public const int SmallestLogBytes = 16 << 10;

    private const int TailCheckBits = 24;

    /// <summary>With what a volume begins.</summary>
    public static ReadOnlySpan<byte> Magic => "DaxEmuFS"u8;

    /// <summary>With what a copy of a log begins.</summary>
    public static ReadOnlySpan<byte> LogMagic => "DaxEmuLG"u8;

    /// <summary>The page of a copy of the superblock: the first one of the device, and the last one of its first 2 MiB.</summary>
    public static Pfn SuperblockPage(int copy) => new(copy == 0 ? 0 : DaxConstants.PagesPerPmd - 1);

    /// <summary>The pages that no file and no log may have.</summary>
    public static PfnRange[] ReservedPages => [new(SuperblockPage(0), 1), new(SuperblockPage(1), 1)];

    /// <summary>The place of a root slot: an even sequence goes to the first one.</summary>
    public static long RootSlotOffset(int copy, int slot) => SuperblockPage(copy).OffsetBytes + FirstRootSlot + (slot * RootSlotBytes);

    /// <summary>A checksum that also depends on where the bytes belong.</summary>
    public static ulong Checksum(ReadOnlySpan<byte> bytes, ulong place) => XxHash3.HashToUInt64(bytes, (long)place);

    /// <summary>A number for a volume, a log of it and a place there: bytes of another one fail their checksum.</summary>
    public static ulong Place(Guid volume, long sequence, long at)
    {
        Span<byte> bytes = stackalloc byte[32];
        _ = volume.TryWriteBytes(bytes);
        _ = BitConverter.TryWriteBytes(bytes[16..], sequence);
        _ = BitConverter.TryWriteBytes(bytes[24..], at);
        return XxHash3.HashToUInt64(bytes);
    }

    /// <summary>The word that says how far a copy of a log counts: the offset in units of 8 bytes, and a check of 24 bits.</summary>
    public static ulong TailWord(ulong place, int copy, long offset) =>
        ((ulong)offset >> 3 << TailCheckBits) | (Mix(place + (ulong)copy, (ulong)offset) >> (64 - TailCheckBits));

    /// <summary>Reads a tail word.</summary>
    /// <returns>The offset; -1 if the word is damaged.</returns>
    public static long TailOf(ulong word, ulong place, int copy)
    {
        long offset = (long)(word >> TailCheckBits << 3);
        return TailWord(place, copy, offset) == word ? offset : -1;
    }

    // The finalizer of SplitMix64: every bit of the word depends on every bit of both numbers.
    private static ulong Mix(ulong place, ulong offset)
    {
        ulong mixed = place ^ (offset * 0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }
}
