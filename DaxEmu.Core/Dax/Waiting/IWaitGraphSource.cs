using DaxEmu.Core.Dax.Waiting.Policies;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>A mapping that a wait graph may ask about its entries. The wait table itself knows only keys.</summary>
internal interface IWaitGraphSource
{
    /// <summary>The mapping's id.</summary>
    long MappingId { get; }

    /// <summary>The rule by which the owners of its entries choose the key to wake.</summary>
    IWaitKeying Keying { get; }

    /// <summary>The state now of the entry of <paramref name="order"/> that starts at <paramref name="start"/>.</summary>
    AwaitedState StateOf(PageIndex start, PageOrder order);
}
