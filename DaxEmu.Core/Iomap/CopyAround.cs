namespace DaxEmu.Core.Iomap;

/// <summary>Bytes of the device that must be filled before a fresh block may be shown.</summary>
/// <param name="TargetOffsetBytes">Where they go, from the start of the device.</param>
/// <param name="SourceOffsetBytes">Where they come from; -1 if they become zeroes.</param>
/// <param name="LengthBytes">How many; 0 if there is nothing to do.</param>
internal readonly record struct CopyPart(long TargetOffsetBytes, long SourceOffsetBytes, long LengthBytes)
{
    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => LengthBytes == 0;

    /// <summary>Whether the bytes become zeroes, because the source was never written.</summary>
    public bool IsZero => SourceOffsetBytes < 0;
}

/// <summary>
/// What a write to a shared block must bring along: the part of its first page before the bytes written, and the part of its last
/// page behind them (the kernel's <c>dax_iomap_copy_around</c>).
/// </summary>
/// <param name="Head">Before the written bytes.</param>
/// <param name="Tail">Behind the written bytes.</param>
internal readonly record struct CopyAround(CopyPart Head, CopyPart Tail)
{
    /// <summary>What a write of some bytes must bring along. Nothing if the answer is no copy.</summary>
    /// <param name="answer">What the extent map answered.</param>
    /// <param name="offsetBytes">First byte to be written, in the file.</param>
    /// <param name="lengthBytes">How many; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie in the answer's extents.</exception>
    public static CopyAround Write(in ExtentAnswer answer, long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        if (!answer.IsCopy)
        {
            return default;
        }

        PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
        CheckCovered(answer, pages);
        long endBytes = offsetBytes + lengthBytes;
        return new CopyAround(
            Part(answer, pages.First.OffsetBytes, offsetBytes),
            Part(answer, endBytes, pages.End.OffsetBytes));
    }

    private static CopyPart Part(in ExtentAnswer answer, long fromBytes, long toBytes) => fromBytes == toBytes
        ? default
        : new CopyPart(
            DeviceOffset(answer.Target, fromBytes),
            answer.Source.ReadsAsZeroes ? -1 : DeviceOffset(answer.Source, fromBytes),
            toBytes - fromBytes);

    private static long DeviceOffset(in Extent extent, long offsetBytes) =>
        extent.Pfn.OffsetBytes + (offsetBytes - extent.First.OffsetBytes);

    private static void CheckCovered(in ExtentAnswer answer, PageRange pages)
    {
        bool isCovered = pages.First >= answer.Target.First && pages.End <= answer.Target.End
            && pages.First >= answer.Source.First && pages.End <= answer.Source.End;
        if (!isCovered)
        {
            throw new ArgumentOutOfRangeException(nameof(pages), $"The pages {pages} do not lie in the extents of the answer.");
        }
    }
}
