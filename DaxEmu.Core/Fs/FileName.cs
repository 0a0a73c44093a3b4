using System.Text;

namespace DaxEmu.Core.Fs;

/// <summary>Which names a file can have: those of a directory entry.</summary>
internal static class FileName
{
    private const int MaximumBytes = 255;

    /// <summary>Refuses a name that no file can have; null is no name and passes.</summary>
    /// <exception cref="ArgumentException">The name cannot be had; the message says why.</exception>
    public static void Check(string? name, string parameterName)
    {
        if (name is null)
        {
            return;
        }

        string? problem = Problem(name);
        if (problem is not null)
        {
            string shown = name.Length > 64 ? $"{name[..64]}…" : name.Replace("\0", "\\0", StringComparison.Ordinal);
            throw new ArgumentException($"A file cannot have the name '{shown}': {problem}. Choose another, or null for none.", parameterName);
        }
    }

    /// <summary>Why no file can have a name; null if one can.</summary>
    public static string? Problem(string name) => name switch
    {
        "" => "it is empty",
        "." or ".." => "it stands for a directory",
        _ when name.Contains('/', StringComparison.Ordinal) => "it has a '/', which stands between names",
        _ when name.Contains('\0', StringComparison.Ordinal) => "it has a NUL",
        _ when HasLoneSurrogate(name) => "it has half of a surrogate pair, which UTF-8 cannot hold",
        _ when Encoding.UTF8.GetByteCount(name) is > MaximumBytes and var bytes => $"it has {bytes} bytes of UTF-8, and the most are {MaximumBytes}",
        _ => null,
    };

    private static bool HasLoneSurrogate(string name)
    {
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsSurrogate(name[i]) && !(i + 1 < name.Length && char.IsSurrogatePair(name[i], name[++i])))
            {
                return true;
            }
        }

        return false;
    }
}
