using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>A file or directory as the log has it.</summary>
internal sealed class Inode(long number, bool isDirectory)
{
    public long Number { get; } = number;

    public bool IsDirectory { get; } = isDirectory;

    /// <summary>Permission bits, as of <c>chmod</c>.</summary>
    public ushort Mode { get; set; }

    /// <summary>How many names it has.</summary>
    public int LinkCount { get; set; }

    public long SizeBytes { get; set; }

    /// <summary>When it was made, in 100 ns since year 1 (UTC).</summary>
    public long CreatedTicks { get; set; }

    /// <summary>When its content was changed.</summary>
    public long ModifiedTicks { get; set; }

    /// <summary>When anything about it was changed.</summary>
    public long ChangedTicks { get; set; }

    /// <summary>Its blocks.</summary>
    public ExtentTree Blocks { get; set; } = ExtentTree.Empty;

    /// <summary>A directory's names and what they lead to; null for a file.</summary>
    public Dictionary<string, long>? Names { get; } = isDirectory ? new Dictionary<string, long>(StringComparer.Ordinal) : null;

    /// <summary>The directory that a directory's name stands in.</summary>
    public long Parent { get; set; }

    /// <summary>How many names a check has found.</summary>
    public int NamesSeen { get; set; }

    /// <summary>Whether a check has reached it from the root directory.</summary>
    public bool IsReached { get; set; }
}
