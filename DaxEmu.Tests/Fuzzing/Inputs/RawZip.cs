using System.Buffers.Binary;
using System.Text;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Writes a zip that may lie: names, sizes, checksums and methods are what they are given as.</summary>
internal sealed class RawZip
{
    private readonly List<byte> local = [];
    private readonly List<byte> directory = [];
    private int count;

    /// <summary>Adds an entry with its data as it is to stand in the file.</summary>
    public void Add(string name, byte[] data, uint sizeClaimed, uint checksum, ushort method, ushort flags = 0)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name);
        int at = local.Count;
        byte[] common = new byte[26];
        Put(common, 0, 20);
        Put(common, 2, flags);
        Put(common, 4, method);
        BinaryPrimitives.WriteUInt32LittleEndian(common.AsSpan(10), checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(common.AsSpan(14), (uint)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(common.AsSpan(18), sizeClaimed);
        Put(common, 22, (ushort)nameBytes.Length);
        local.AddRange("PK\x03\x04"u8);
        local.AddRange(common);
        local.AddRange(nameBytes);
        local.AddRange(data);

        byte[] rest = new byte[14];
        BinaryPrimitives.WriteUInt32LittleEndian(rest.AsSpan(10), (uint)at);
        directory.AddRange("PK\x01\x02"u8);
        directory.AddRange([20, 0]);
        directory.AddRange(common);
        directory.AddRange(rest);
        directory.AddRange(nameBytes);
        count++;
    }

    /// <summary>The whole file.</summary>
    public byte[] ToArray()
    {
        byte[] end = new byte[18];
        Put(end, 4, (ushort)count);
        Put(end, 6, (ushort)count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(8), (uint)directory.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(end.AsSpan(12), (uint)local.Count);
        return [.. local, .. directory, .. "PK\x05\x06"u8, .. end];
    }

    /// <summary>The checksum that an entry of this content has.</summary>
    public static uint Checksum(ReadOnlySpan<byte> content)
    {
        uint sum = uint.MaxValue;
        foreach (byte b in content)
        {
            sum ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) == 0 ? 0 : 0xEDB88320);
            }
        }

        return ~sum;
    }

    private static void Put(byte[] bytes, int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), value);
}
