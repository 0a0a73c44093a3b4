namespace DaxEmu.Core.Pmem;

/// <summary>What ended the right to store to pages through the spans that were handed out before.</summary>
/// <param name="Cause">What kind of operation.</param>
/// <param name="Operation">The operation in words.</param>
/// <param name="MappingId">The file's mapping.</param>
/// <param name="File">The file's name.</param>
/// <param name="Start">The first page in the file.</param>
/// <param name="First">The device page behind it.</param>
internal sealed record Revocation(RawStoreCause Cause, string Operation, long MappingId, string File, PageIndex Start, Pfn First)
{
    /// <summary>The violation of a store to a page of it.</summary>
    public RawStoreViolation For(Pfn page) => new(page, File, (Start + (page.Value - First.Value)).OffsetBytes, Cause, Operation);
}
