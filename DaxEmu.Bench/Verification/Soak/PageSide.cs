namespace DaxEmu.Bench.Verification.Soak;

/// <summary>Where a page can be looked at, each with contents of its own.</summary>
internal enum PageSide
{
    /// <summary>The file.</summary>
    File,

    /// <summary>The second file, which shares blocks with the first.</summary>
    Clone,

    /// <summary>The private view; where it has no copy it shows the file.</summary>
    Private,
}
