namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>How many waiters a removal wakes.</summary>
internal enum RemovalWakeMode
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>One.</summary>
    One,

    /// <summary>None.</summary>
    None,
}
