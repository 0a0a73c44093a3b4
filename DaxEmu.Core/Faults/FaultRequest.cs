using DaxEmu.Core.Mapping;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Faults;

/// <summary>A fault to be served.</summary>
/// <param name="Area">The VMA that was touched.</param>
/// <param name="Page">The page, counted from the VMA's start.</param>
/// <param name="Flags">How it was touched.</param>
internal readonly record struct FaultRequest(VmArea Area, long Page, FaultFlags Flags)
{
    public bool IsWrite => (Flags & FaultFlags.Write) != 0;

    /// <summary>Whether the write goes to a copy of the VMA's own.</summary>
    public bool IsPrivateWrite => IsWrite && !Area.IsShared;

    /// <summary>The page of the file.</summary>
    public PageIndex Index => Area.IndexOf(Page);

    /// <summary>The fields of its trace events.</summary>
    public FaultEvent ToEvent()
    {
        VmPiece piece = Area.PieceOf(Page);
        return new FaultEvent(
            Area.Mapping.Id,
            Area.IsShared,
            Flags,
            AddressOf(Page),
            AddressOf(piece.FirstPage),
            AddressOf(piece.EndPage),
            Index,
            Area.Mapping.EndIndex);
    }

    private long AddressOf(long page) => Area.StartAddress + (page << DaxConstants.PageShift);
}
