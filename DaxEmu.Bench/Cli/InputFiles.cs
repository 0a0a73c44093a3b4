using System.IO.Compression;
using DaxEmu.Native;

namespace DaxEmu.Bench.Cli;

/// <summary>Files named on the command line.</summary>
internal static class InputFiles
{
    /// <summary>A file as itself, a folder as the files in it, in order of their names.</summary>
    /// <exception cref="DaxEnvironmentException">There is neither.</exception>
    public static IEnumerable<string> Expand(string path)
    {
        if (File.Exists(path))
        {
            return [path];
        }

        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*.jsonl*").Concat(Directory.EnumerateFiles(path, "*.zip")).Order(StringComparer.Ordinal)
            : throw new DaxEnvironmentException($"there is no file '{path}'", "Name a recording, or a folder with some.", path: path);
    }

    /// <summary>Whether a file holds the kernel's trace text: neither a zip nor JSON.</summary>
    public static bool IsTraceText(string path)
    {
        if (path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        using FileStream file = File.OpenRead(path);
        bool isZipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        using Stream stream = isZipped ? new GZipStream(file, CompressionMode.Decompress) : file;
        int first;
        do
        {
            first = stream.ReadByte();
        }
        while (first >= 0 && char.IsWhiteSpace((char)first));
        return first >= 0 && first != '{';
    }
}
