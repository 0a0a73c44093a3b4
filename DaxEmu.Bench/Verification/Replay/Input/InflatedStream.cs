using System.IO.Compression;
using System.IO.Hashing;
using DaxEmu.Core.Tracing.Ftrace;
using DaxEmu.Native.Files;

namespace DaxEmu.Bench.Verification.Replay.Input;

/// <summary>How much was decompressed from a file, and from how much.</summary>
/// <param name="name">How errors call the file.</param>
internal sealed class Inflation(string name)
{
    private long inflated;

    /// <summary>Compressed bytes that were read.</summary>
    public long Compressed { get; set; }

    /// <summary>Counts bytes that came out.</summary>
    /// <exception cref="FormatException">They are too many for so few that went in.</exception>
    public void Count(int bytes)
    {
        inflated += bytes;
        if (inflated > ReplayLimits.FreeInflatedBytes && inflated / ReplayLimits.InflationRatio > Compressed)
        {
            throw new FormatException(
                $"{name}: {Compressed} compressed bytes hold more than {inflated} bytes. Above {ReplayLimits.FreeInflatedBytes >> 20} MiB "
                + $"at most {ReplayLimits.InflationRatio} are read for each compressed one; unpack it first if it is what it should be.");
        }
    }
}

/// <summary>Counts what is read of a compressed file.</summary>
internal sealed class CompressedStream(Stream inner, Inflation inflation) : ForwardStream
{
    public override int Read(Span<byte> destination)
    {
        int count = inner.Read(destination);
        inflation.Compressed += count;
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>What comes out of a gzip or of a file in a zip: not too much, whole, and with the right checksum.</summary>
internal sealed class InflatedStream : ForwardStream
{
    private readonly Stream inner;
    private readonly string name;
    private readonly Inflation inflation;
    private readonly ZipArchiveEntry? entry;
    private readonly Crc32 checksum = new();
    private long length;

    /// <summary>What comes out of a gzip, which checks itself.</summary>
    public InflatedStream(GzipInput gzip, string name, Inflation inflation)
        : this((Stream)gzip, name, inflation, null)
    {
    }

    /// <summary>What comes out of a file in a zip.</summary>
    public InflatedStream(ZipArchiveEntry entry, string name, Inflation inflation)
        : this(Opened(entry, name), name, inflation, entry)
    {
    }

    private InflatedStream(Stream inner, string name, Inflation inflation, ZipArchiveEntry? entry)
    {
        this.inner = inner;
        this.name = name;
        this.inflation = inflation;
        this.entry = entry;
    }

    /// <inheritdoc/>
    /// <exception cref="FormatException">It is cut, damaged, or too much.</exception>
    public override int Read(Span<byte> destination)
    {
        int count;
        try
        {
            count = inner.Read(destination);
        }
        catch (InvalidDataException e)
        {
            throw entry is null
                ? new FormatException($"{name}: the gzip is damaged: {e.Message}.", e)
                : new FormatException($"{name}: its compressed data are damaged.", e);
        }

        inflation.Count(count);
        if (entry is not null)
        {
            Check(destination[..count], isAtEnd: count == 0 && !destination.IsEmpty);
        }

        return count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private static Stream Opened(ZipArchiveEntry entry, string name)
    {
        try
        {
            return entry.Open();
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or IOException or ArgumentException)
        {
            throw new FormatException($"{name}: the file in the zip is damaged, or compressed by a method other than deflate.", e);
        }
    }

    private void Check(ReadOnlySpan<byte> bytes, bool isAtEnd)
    {
        checksum.Append(bytes);
        length += bytes.Length;
        if (length > entry!.Length || (isAtEnd && (length < entry.Length || checksum.GetCurrentHashAsUInt32() != entry.Crc32)))
        {
            throw new FormatException($"{name}: its {length} bytes are not the {entry.Length} of the zip's directory, or their checksum is wrong.");
        }
    }
}
