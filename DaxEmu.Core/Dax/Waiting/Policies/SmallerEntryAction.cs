namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>What happens to a 2 MiB request that meets a 4 KiB entry.</summary>
internal enum SmallerEntryAction
{
    /// <summary>It waits for the entry's lock and looks again.</summary>
    Wait,

    /// <summary>It is refused at once.</summary>
    Conflict,

    /// <summary>It is given the entry, locked by another thread as it is, and falls back by itself.</summary>
    Return,
}
