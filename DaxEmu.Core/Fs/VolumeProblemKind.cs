namespace DaxEmu.Core;

/// <summary>What is wrong with a volume.</summary>
public enum VolumeProblemKind
{
    /// <summary>There is no volume, or none that is known here.</summary>
    NotMountable,

    /// <summary>One of two copies is damaged; the other one says the same, so nothing is lost.</summary>
    DamagedCopy,

    /// <summary>Metadata are damaged in both copies: what they said is lost.</summary>
    LostMetadata,

    /// <summary>Pages belong to two owners that do not share them.</summary>
    DoubleUse,

    /// <summary>A file or directory cannot be reached by a name, and is not one that was deleted while it was open.</summary>
    Unreachable,

    /// <summary>A name leads nowhere, or a directory has two.</summary>
    WrongName,

    /// <summary>A file counts more or fewer names than it has.</summary>
    WrongLinkCount,
}
