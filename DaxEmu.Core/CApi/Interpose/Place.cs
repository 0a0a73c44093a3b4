namespace DaxEmu.Core.CApi.Interpose;

/// <summary>How a path ends.</summary>
internal enum PathEnd
{
    /// <summary>With a name.</summary>
    Name,

    /// <summary>With ".".</summary>
    Dot,

    /// <summary>With "..".</summary>
    DotDot,

    /// <summary>At the root of the volume.</summary>
    Root,

    /// <summary>It is a descriptor: an empty path, or <c>/proc/self/fd/N</c>.</summary>
    Descriptor,
}

/// <summary>Where a path of the program leads.</summary>
internal readonly record struct Place
{
    /// <summary>Whether it leads to the volume. Otherwise the call is the kernel's.</summary>
    public bool IsInside { get; init; }

    /// <summary>A path of the host that leads to the same place, if the kernel would not find it by the program's: it leads out of the volume.</summary>
    public string? HostPath { get; init; }

    /// <summary>Why it leads nowhere (ENOENT of a directory on the way, ENOTDIR ...); 0 otherwise. That the last name is missing is no error here.</summary>
    public int Errno { get; init; }

    /// <summary>The directory of the last name.</summary>
    public long Directory { get; init; }

    /// <summary>The last name; empty if it does not end with one.</summary>
    public string Name { get; init; }

    /// <summary>What it leads to; 0 if there is nothing of that name.</summary>
    public long Number { get; init; }

    /// <summary>Whether that is a directory.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>Whether a '/' follows the last name, which only a directory may have.</summary>
    public bool HasTrailingSlash { get; init; }

    public PathEnd End { get; init; }

    /// <summary>What the descriptor stands for, if it ends so.</summary>
    public OpenDescription? Description { get; init; }

    /// <summary>Whether that descriptor was named by a path, <c>/proc/self/fd/N</c>, which is a symbolic link.</summary>
    public bool IsByPath { get; init; }

    /// <summary>Whether it leads to something.</summary>
    public bool Exists => Errno == 0 && Number != 0;
}
