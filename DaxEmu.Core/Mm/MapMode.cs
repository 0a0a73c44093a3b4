namespace DaxEmu.Core;

/// <summary>What a mapping is for, in the flags of mmap and madvise. As with mmap, exactly one of <see cref="Shared"/> and <see cref="Private"/>.</summary>
[Flags]
public enum MapMode
{
    /// <summary>Neither shared nor private: nothing can be mapped so.</summary>
    None = 0,

    /// <summary>Writes go to the file (<c>MAP_SHARED</c>).</summary>
    Shared = 1,

    /// <summary>A write fault returns only when the extent's metadata are durable (<c>MAP_SYNC</c>; with <see cref="Shared"/>).</summary>
    Sync = 2,

    /// <summary>No writes (<c>PROT_READ</c>).</summary>
    ReadOnly = 4,

    /// <summary>No 2 MiB translations (<c>MADV_NOHUGEPAGE</c>).</summary>
    NoHugePage = 8,

    /// <summary>Writes go to copies (<c>MAP_PRIVATE</c>).</summary>
    Private = 16,
}
