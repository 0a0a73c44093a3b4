namespace DaxEmu.Core.Dax.Invalidation;

/// <summary>What became of an entry that was to be invalidated.</summary>
internal enum InvalidateOutcome
{
    /// <summary>There was none.</summary>
    Absent,

    /// <summary>It is gone.</summary>
    Removed,

    /// <summary>It is dirty, or chosen by a running writeback pass, and stays.</summary>
    Kept,
}
