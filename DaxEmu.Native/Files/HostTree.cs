using System.Globalization;

namespace DaxEmu.Native.Files;

/// <summary>Reads the files of sysfs and procfs, below a root that tests point at a tree of their own. What is missing or unreadable is null.</summary>
/// <param name="root">The directory that stands for <c>/</c>.</param>
internal sealed class HostTree(string root = "/")
{
    // An attribute has at most a page; a list of bad blocks as well.
    private const int MostBytes = 64 << 10;

    /// <summary>This machine's.</summary>
    public static HostTree Machine { get; } = new();

    /// <summary>The text of a file, without white space around it.</summary>
    /// <param name="path">Its path below the root, without a leading slash.</param>
    public string? Text(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(Path.Combine(root, path));
            byte[] bytes = new byte[MostBytes];
            return System.Text.Encoding.UTF8.GetString(bytes, 0, file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).Trim();
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>A file that holds one whole number.</summary>
    public long? Number(string path) =>
        long.TryParse(Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    /// <summary>The folder around what a symbolic link leads to in the end; a path with <c>..</c> in it would lead beside the link.</summary>
    public string? ParentOfTarget(string path)
    {
        try
        {
            return Path.GetDirectoryName(Directory.ResolveLinkTarget(Path.Combine(root, path), returnFinalTarget: true)?.FullName);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The last part of what a symbolic link leads to.</summary>
    public string? LinkName(string path)
    {
        try
        {
            return Path.GetFileName(new FileInfo(Path.Combine(root, path)).LinkTarget);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
