namespace DaxEmu.Core;

/// <summary>What else is to be known of an extent (<c>IOMAP_F_NEW</c>, <c>IOMAP_F_DIRTY</c>, <c>IOMAP_F_SHARED</c>).</summary>
[Flags]
public enum ExtentFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The blocks were allocated or converted by this very call.</summary>
    New = 1,

    /// <summary>The metadata that says so is not durable yet: a synchronous fault must wait for it.</summary>
    Dirty = 2,

    /// <summary>Other files share the blocks: they must be copied before a write.</summary>
    Shared = 4,
}
