using DaxEmu.Core.Mm;

namespace DaxEmu.Core.Fs;

/// <summary>What a view is for, in the flags of mmap and madvise. As with mmap, exactly one of <see cref="Shared"/> and <see cref="Private"/>.</summary>
[Flags]
public enum MapMode
{
    /// <summary>Neither shared nor private: no view can be made of it.</summary>
    None = VmAreaKind.None,

    /// <summary>Writes go to copies of the view's own (<c>MAP_PRIVATE</c>).</summary>
    Private = VmAreaKind.Private,

    /// <summary>Writes go to the file (<c>MAP_SHARED</c>).</summary>
    Shared = VmAreaKind.Shared,

    /// <summary>
    /// A first write to a page returns only when the blocks behind it are durable (<c>MAP_SYNC</c>; with <see cref="Shared"/>).
    /// </summary>
    Sync = VmAreaKind.Sync,

    /// <summary>No writes (<c>PROT_READ</c>).</summary>
    ReadOnly = VmAreaKind.ReadOnly,

    /// <summary>No 2 MiB translations (<c>MADV_NOHUGEPAGE</c>).</summary>
    NoHugePage = VmAreaKind.NoHugePage,
}
