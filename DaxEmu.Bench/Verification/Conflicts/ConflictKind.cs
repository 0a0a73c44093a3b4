namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>What an operation works on, which says in which relations two of them commute.</summary>
internal enum ConflictKind
{
    /// <summary>One page, which it only reads: it commutes with its like on the same page.</summary>
    ReadsPage,

    /// <summary>One page.</summary>
    Page,

    /// <summary>2 MiB.</summary>
    Huge,

    /// <summary>All pages of a file: it commutes with what changes none of them.</summary>
    WholeFile,

    /// <summary>A file as a whole, and another part of it than the operations on pages.</summary>
    File,

    /// <summary>As <see cref="File"/>, and it makes a page of it dirty.</summary>
    DirtiesFile,

    /// <summary>
    /// As <see cref="File"/>, and by the kernel's own rule it excludes the file's other operations: it holds the inode lock or the invalidate
    /// lock for writing.
    /// </summary>
    Layout,

    /// <summary>Names in a directory.</summary>
    Name,
}
