using System.Buffers;
using DaxEmu.Native.Files;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Bench.Devices;

/// <summary>What lies on a file or block device that is about to be overwritten.</summary>
internal static class StorageContent
{
    /// <summary>
    /// Where a device of this command says in its first page that what it holds may go. Not at its start: faults of a benchmark store there.
    /// </summary>
    public const int MarkOffset = 16;

    // A block device is looked at there only: to read all of it could take hours.
    private const int LookedAtBytes = 1 << 20;
    private const int ChunkBytes = 1 << 20;

    private static readonly (string Name, long Offset, byte[] Bytes)[] Signatures =
    [
        ("a volume of 'daxemu volume'", 0, "DaxEmuFS"u8.ToArray()),
        ("an ext2, ext3 or ext4 file system", 1080, [0x53, 0xef]),
        ("an XFS file system", 0, "XFSB"u8.ToArray()),
        ("a Btrfs file system", 65600, "_BHRfS_M"u8.ToArray()),
        ("an F2FS file system", 1024, [0x10, 0x20, 0xf5, 0xf2]),
        ("an EROFS file system", 1024, [0xe2, 0xe1, 0xf5, 0xe0]),
        ("a SquashFS file system", 0, "hsqs"u8.ToArray()),
        ("an ISO 9660 file system", 32769, "CD001"u8.ToArray()),
        ("an NTFS file system", 3, "NTFS    "u8.ToArray()),
        ("an exFAT file system", 3, "EXFAT   "u8.ToArray()),
        ("a FAT file system", 54, "FAT1"u8.ToArray()),
        ("a FAT file system", 82, "FAT32"u8.ToArray()),
        ("swap space", 4086, "SWAPSPACE2"u8.ToArray()),
        ("an encrypted volume (LUKS)", 0, [.. "LUKS"u8, 0xba, 0xbe]),
        ("a volume of LVM", 512, "LABELONE"u8.ToArray()),
        ("a member of an array (md)", 4096, [0xfc, 0x4e, 0x2b, 0xa9]),
        ("a partition table (GPT)", 512, "EFI PART"u8.ToArray()),
        ("a partition table (GPT)", 4096, "EFI PART"u8.ToArray()),
        ("a partition table or boot sector", 510, [0x55, 0xaa]),
    ];

    /// <summary>The mark itself.</summary>
    public static ReadOnlySpan<byte> Mark => "daxemu: overwrite me at will\n\0\0\0"u8;

    /// <summary>What would be lost, as in "an XFS file system"; null if nothing would: it is all zero, or marked as a device of this command.</summary>
    /// <param name="file">The file or block device, open for reading.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="isBlockDevice">Whether only its first and last MiB are looked at.</param>
    public static string? Find(SafeFileHandle file, long sizeBytes, bool isBlockDevice)
    {
        byte[] start = new byte[(int)Math.Min(sizeBytes, LookedAtBytes)];
        int count = RandomAccess.Read(file, start, 0);
        foreach ((string name, long offset, byte[] bytes) in Signatures)
        {
            if (offset + bytes.Length <= count && start.AsSpan((int)offset, bytes.Length).SequenceEqual(bytes))
            {
                return name;
            }
        }

        if (count >= MarkOffset + Mark.Length && start.AsSpan(MarkOffset, Mark.Length).SequenceEqual(Mark))
        {
            return null;
        }

        bool hasData = isBlockDevice
            ? start.AsSpan(0, count).ContainsAnyExcept((byte)0) || HasData(file, Math.Max(0, sizeBytes - LookedAtBytes), sizeBytes)
            : HasDataInFile(file, sizeBytes);
        return hasData ? "data" : null;
    }

    private static bool HasDataInFile(SafeFileHandle file, long sizeBytes)
    {
        for (long at = 0; at < sizeBytes;)
        {
            (long data, long end) = DataSegments.Next(file, at, sizeBytes);
            if (HasData(file, data, end))
            {
                return true;
            }

            at = end;
        }

        return false;
    }

    private static bool HasData(SafeFileHandle file, long from, long end)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            while (from < end)
            {
                int count = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(ChunkBytes, end - from)), from);
                if (count == 0)
                {
                    return false;
                }

                if (buffer.AsSpan(0, count).ContainsAnyExcept((byte)0))
                {
                    return true;
                }

                from += count;
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
