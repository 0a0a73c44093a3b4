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
}
