namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>What a 2 MiB request does about smaller entries in its range, or about none.</summary>
internal interface ISmallerEntryRule
{
    /// <summary>Whether a range without any entry is treated as one with a smaller entry.</summary>
    bool RefusesEmptyRange { get; }

    /// <summary>What happens when the range holds a 4 KiB entry.</summary>
    SmallerEntryAction Meet(bool isLocked);
}
