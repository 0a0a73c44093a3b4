using DaxEmu.Native;

namespace DaxEmu.Bench.Verification.Replay.Input;

/// <summary>Files named on the command line.</summary>
internal static class InputFiles
{
    private static readonly string[] Patterns = ["*.jsonl*", "*.zip", "*.trace*"];

    /// <summary>A file, a pipe or standard input as itself; a folder as the recordings in it, in order of their names.</summary>
    /// <exception cref="DaxEnvironmentException">There is neither, or the folder cannot be read.</exception>
    /// <exception cref="FormatException">The folder has no recording.</exception>
    public static IReadOnlyList<string> Expand(string path)
    {
        if (path == InputSource.StandardInput || !Directory.Exists(path))
        {
            // File.Exists says nothing of a FIFO behind a link: opening says what is there.
            return path.Length > 0 && (path == InputSource.StandardInput || Path.Exists(path))
                ? [path]
                : throw new DaxEnvironmentException($"there is no file '{path}'", "Name a recording, or a folder with some.", path: path);
        }

        string[] files;
        try
        {
            files = [.. Patterns.SelectMany(p => Directory.EnumerateFiles(path, p)).Distinct().Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw new DaxEnvironmentException($"cannot read the folder '{path}'", "Check its rights, or name a file.", path: path);
        }

        return files.Length > 0
            ? files
            : throw new FormatException($"the folder '{path}' has no recording: none of {string.Join(", ", Patterns)}.");
    }
}
