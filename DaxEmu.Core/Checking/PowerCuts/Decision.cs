namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>A choice between versions of a unit, made when recovery first read words in which they differ.</summary>
internal struct Decision
{
    /// <summary>Which unit.</summary>
    public int Unit;

    /// <summary>The words that were read: versions that agree in them are not told apart.</summary>
    public byte Words;

    /// <summary>The versions that were possible before.</summary>
    public ulong Before;

    /// <summary>Those that are still to be tried; with more than 64 versions the number of the next one, and the count if there is none.</summary>
    public ulong Left;
}
