using System.IO.Compression;
using System.Runtime.InteropServices;
using DaxEmu.Core.Tracing.Ftrace;
using DaxEmu.Native;
using DaxEmu.Native.Files;

namespace DaxEmu.Bench.Verification.Replay.Input;

/// <summary>
/// Opens an input once, looks at its first bytes, and gives the texts in it: one of a plain or gzipped file, any number of a zip. What it is
/// called does not matter, and it may be a pipe.
/// </summary>
internal static class InputSource
{
    /// <summary>The name of standard input on the command line.</summary>
    public const string StandardInput = "-";

    private const int LongestMagic = 6;

    private static readonly byte[] DirectoryEntry = [(byte)'P', (byte)'K', 1, 2];

    private static readonly (byte[] Magic, string Name)[] OtherArchives =
    [
        ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "xz"), ([(byte)'B', (byte)'Z', (byte)'h'], "bzip2"),
        ([(byte)'7', (byte)'z', 0xBC, 0xAF], "7z"),
    ];

    /// <summary>The texts of a file, a pipe, or <c>-</c>; each can be read until the next one is asked for.</summary>
    /// <exception cref="FormatException">It holds none, or is cut or damaged; the message names the file.</exception>
    /// <exception cref="DaxEnvironmentException">It cannot be opened or read.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static IEnumerable<InputText> Open(string path, CancellationToken cancellation)
    {
        string name = path == StandardInput ? "standard input" : path;
        using InputFile file = path == StandardInput ? InputFile.StandardInput(name, cancellation) : InputFile.Open(path, cancellation);
        foreach (InputText text in Open(file, name))
        {
            yield return text;
        }
    }

    /// <summary>The texts of a stream.</summary>
    /// <param name="stream">From the input's first byte on.</param>
    /// <param name="name">How errors call it.</param>
    /// <exception cref="FormatException">It holds none, or is cut or damaged; the message names it.</exception>
    public static IEnumerable<InputText> Open(Stream stream, string name)
    {
        var inflation = new Inflation(name);
        using var raw = new PeekStream(new CompressedStream(stream, inflation));
        switch (Magic(raw.Peek(LongestMagic)))
        {
            case Container.Zip:
                using (ZipArchive archive = OpenZip(raw, name))
                {
                    foreach (ZipArchiveEntry entry in Files(archive, name))
                    {
                        string entryName = $"{name}/{entry.FullName}";
                        using var content = new PeekStream(new InflatedStream(entry, entryName, inflation));
                        yield return Text(content, entryName, isInside: true);
                    }
                }

                break;
            case Container.Gzip:
                using (var content = new PeekStream(new InflatedStream(new GzipInput(raw), name, inflation)))
                {
                    yield return Text(content, name, isInside: true);
                }

                break;
            default:
                yield return Text(raw, name, isInside: false);
                break;
        }
    }

    private enum Container
    {
        None,
        Gzip,
        Zip,
    }

    private static Container Magic(ReadOnlySpan<byte> first)
    {
        if (first.StartsWith<byte>([0x1f, 0x8b]))
        {
            return Container.Gzip;
        }

        // The header of a file, or the end of the directory of a zip without any.
        return first.StartsWith("PK\x3\x4"u8) || first.StartsWith("PK\x5\x6"u8) ? Container.Zip : Container.None;
    }

    private static InputText Text(PeekStream content, string name, bool isInside)
    {
        ReadOnlySpan<byte> first = content.Peek(LongestMagic);
        if (isInside && Magic(first) != Container.None)
        {
            throw new FormatException($"{name}: there is another archive inside. Unpack it first.");
        }

        foreach ((byte[] magic, string format) in OtherArchives)
        {
            if (first.StartsWith(magic))
            {
                throw new FormatException($"{name}: it is compressed with {format}, which is not read. Unpack it first, or use gzip.");
            }
        }

        if (first.StartsWith<byte>([0xFE, 0xFF]) || first.StartsWith<byte>([0xFF, 0xFE]))
        {
            throw new FormatException($"{name}: it is UTF-16, by its byte-order mark. Save it as UTF-8.");
        }

        if (first.StartsWith<byte>([0xEF, 0xBB, 0xBF]))
        {
            content.Skip(3);
        }

        byte start = FirstByte(content, name);
        int zero = content.Peeked.IndexOf((byte)0);
        return zero < 0
            ? new InputText(name, start is (byte)'{' or (byte)'[' ? InputKind.Scenario : InputKind.Trace, content)
            : throw new FormatException($"{name}: it is neither a recorded scenario nor trace text: byte {zero} is 0.");
    }

    // The first byte that is no white space. What is passed over stays to be read, since lines are counted.
    private static byte FirstByte(PeekStream content, string name)
    {
        for (int at = 0; at < ReplayLimits.LeadingWhiteBytes; at++)
        {
            ReadOnlySpan<byte> bytes = content.Peek(at + 1);
            if (at == bytes.Length)
            {
                throw new FormatException(at == 0 ? $"{name}: it is empty." : $"{name}: there is nothing in it but white space.");
            }

            if (bytes[at] is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                return bytes[at];
            }
        }

        throw new FormatException($"{name}: it begins with more than {ReplayLimits.LeadingWhiteBytes} bytes of white space.");
    }

    private static ZipArchive OpenZip(PeekStream raw, string name)
    {
        var memory = new MemoryStream();
        byte[] piece = new byte[1 << 16];
        for (int count; (count = raw.Read(piece)) > 0;)
        {
            memory.Write(piece, 0, count);
            if (memory.Length > ReplayLimits.ZipBytes)
            {
                throw new FormatException($"{name}: a zip of more than {ReplayLimits.ZipBytes >> 20} MiB is not read. Unpack it first.");
            }
        }

        ReadOnlySpan<byte> bytes = memory.GetBuffer().AsSpan(0, (int)memory.Length);
        if (!EndsWithDirectory(bytes))
        {
            throw new FormatException($"{name}: the zip is cut or damaged: it does not end with its directory.");
        }

        if (bytes.Count(DirectoryEntry) > ReplayLimits.ZipEntries)
        {
            throw new FormatException($"{name}: a zip of more than {ReplayLimits.ZipEntries} files is not read. Unpack it first.");
        }

        try
        {
            var archive = new ZipArchive(memory, ZipArchiveMode.Read);
            _ = archive.Entries.Count; // the directory is read here
            return archive;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or ArgumentException or OverflowException)
        {
            throw new FormatException($"{name}: the zip is cut or damaged: its directory cannot be read.", e);
        }
    }

    // The record that ends a zip stands at its end, with nothing behind it but a comment as long as it says.
    private static bool EndsWithDirectory(ReadOnlySpan<byte> bytes)
    {
        const int Length = 22;
        const int LongestComment = ushort.MaxValue;
        int first = Math.Max(0, bytes.Length - Length - LongestComment);
        for (int at = bytes.Length - Length; at >= first; at--)
        {
            ReadOnlySpan<byte> record = bytes[at..];
            if (record.StartsWith("PK\x5\x6"u8) && MemoryMarshal.Read<ushort>(record[(Length - 2)..]) == record.Length - Length)
            {
                return true;
            }
        }

        return false;
    }

    private static List<ZipArchiveEntry> Files(ZipArchive archive, string name)
    {
        List<ZipArchiveEntry> files = [.. archive.Entries.Where(e => !e.FullName.EndsWith('/'))];
        if (files.Count == 0)
        {
            throw new FormatException($"{name}: the zip is empty.");
        }

        return files.Find(f => f.IsEncrypted) is { } locked
            ? throw new FormatException($"{name}/{locked.FullName}: it is encrypted. Unpack it first.")
            : files;
    }
}
