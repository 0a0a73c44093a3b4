using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>A fault to be served.</summary>
/// <param name="Area">The VMA that was accessed.</param>
/// <param name="Page">The page, counted from the VMA's start.</param>
/// <param name="Flags">How it was accessed.</param>
internal readonly record struct FaultRequest(VmArea Area, VmaPage Page, FaultFlags Flags)
{
    public bool IsWrite => (Flags & FaultFlags.Write) != 0;

    /// <summary>Whether the write goes to a copy of the VMA's own.</summary>
    public bool IsPrivateWrite => IsWrite && !Area.IsShared;

    /// <summary>The page of the file.</summary>
    public PageIndex Index => Area.IndexOf(Page);

    /// <summary>The fields of its trace events.</summary>
    public FaultEvent ToEvent(AddressSpace mapping)
    {
        VmPiece piece = Area.PieceOf(Page);
        return new FaultEvent(
            mapping.Id,
            Area.IsShared,
            Flags,
            AddressOf(Page),
            AddressOf(piece.FirstPage),
            AddressOf(piece.EndPage),
            Index,
            mapping.EndIndex);
    }

    private long AddressOf(VmaPage page) => Area.StartAddress + page.OffsetBytes;
}
