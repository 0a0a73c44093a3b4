using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>What has become of the entry that a thread sleeps for.</summary>
internal enum SleptForState
{
    /// <summary>Nobody told the graph about the mapping.</summary>
    Unknown,

    /// <summary>Its owner holds it.</summary>
    Locked,

    /// <summary>It is there, and nobody holds it.</summary>
    Unlocked,

    /// <summary>It was taken out, or one of another order stands there.</summary>
    Gone,
}

/// <summary>A mapping that a wait graph may ask about its entries. The wait table itself knows only keys.</summary>
internal interface IWaitGraphSource
{
    /// <summary>The mapping's id.</summary>
    long MappingId { get; }

    /// <summary>The rule by which the owners of its entries choose the key to wake.</summary>
    IWaitKeying Keying { get; }

    /// <summary>How the entry of <paramref name="order"/> that starts at <paramref name="start"/> is now.</summary>
    SleptForState StateOf(PageIndex start, PageOrder order);
}
