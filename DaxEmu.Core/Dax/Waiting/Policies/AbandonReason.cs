namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Why a woken thread abandons its wait: it will not unlock the entry for which it was woken.</summary>
internal enum AbandonReason
{
    /// <summary>It met another locked entry and sleeps again.</summary>
    SleepsAgain,

    /// <summary>It locked another entry than the one it slept for.</summary>
    LockedAnother,

    /// <summary>It found an unlocked entry and has no use for it.</summary>
    HasNoUse,

    /// <summary>It found nothing.</summary>
    FoundNothing,

    /// <summary>It was refused.</summary>
    Refused,
}
