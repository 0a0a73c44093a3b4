namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>How an entry ceased to be what its waiters wait for.</summary>
internal enum RemovalKind
{
    /// <summary>Removed: truncate, punch, invalidate.</summary>
    Delete,

    /// <summary>A 2 MiB placeholder or zero entry made way for 4 KiB entries.</summary>
    Downgrade,
}
