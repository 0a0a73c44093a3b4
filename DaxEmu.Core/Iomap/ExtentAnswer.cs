using DaxEmu.Core.Iomap;

namespace DaxEmu.Core;

/// <summary>The answer of an extent map (the kernel's pair of <c>iomap</c> and <c>srcmap</c>).</summary>
/// <param name="Target">The extent to read from, or to write to. It covers the page asked for.</param>
/// <param name="Source">Where the old data lie if <paramref name="Target"/> is a fresh copy of shared blocks; else equal to it.</param>
/// <param name="Error">Why there is no answer; the extents have no meaning then.</param>
public readonly record struct ExtentAnswer(Extent Target, Extent Source, IoError Error)
{
    /// <summary>An answer without a separate source.</summary>
    public static ExtentAnswer Of(Extent extent) => new(extent, extent, IoError.None);

    /// <summary>No answer.</summary>
    public static ExtentAnswer Failed(IoError error) => new(default, default, error);

    /// <summary>
    /// Whether data must be copied from <see cref="Source"/> before <see cref="Target"/> may be used. Such an answer is ended by
    /// <see cref="IExtentMap.End"/>, and <see cref="CopyAround"/> says which bytes to copy.
    /// </summary>
    public bool IsCopy => Target != Source;
}
