using System.Buffers.Binary;

namespace DaxEmu.Core.Tracing.Ftrace;

/// <summary>The CRC-32 of gzip and zip, eight bytes a step.</summary>
internal struct Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Stride = 8;

    private static readonly uint[][] Tables = MakeTables();

    private uint value;

    /// <summary>The checksum of all bytes so far.</summary>
    public readonly uint Value => value;

    /// <summary>Takes bytes in.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint crc = ~value;
        for (; bytes.Length >= Stride; bytes = bytes[Stride..])
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = Tables[7][low & 0xFF] ^ Tables[6][(low >> 8) & 0xFF] ^ Tables[5][(low >> 16) & 0xFF] ^ Tables[4][low >> 24]
                ^ Tables[3][high & 0xFF] ^ Tables[2][(high >> 8) & 0xFF] ^ Tables[1][(high >> 16) & 0xFF] ^ Tables[0][high >> 24];
        }

        foreach (byte b in bytes)
        {
            crc = (crc >> 8) ^ Tables[0][(crc ^ b) & 0xFF];
        }

        value = ~crc;
    }

    // Table n has the checksums of a byte that n zero bytes follow.
    private static uint[][] MakeTables()
    {
        var tables = new uint[Stride][];
        for (int n = 0; n < Stride; n++)
        {
            tables[n] = new uint[256];
            for (uint value = 0; value < 256; value++)
            {
                uint crc = n == 0 ? value : tables[n - 1][value];
                if (n > 0)
                {
                    tables[n][value] = (crc >> 8) ^ tables[0][crc & 0xFF];
                    continue;
                }

                for (int bit = 0; bit < 8; bit++)
                {
                    crc = (crc >> 1) ^ ((crc & 1) * Polynomial);
                }

                tables[n][value] = crc;
            }
        }

        return tables;
    }
}
