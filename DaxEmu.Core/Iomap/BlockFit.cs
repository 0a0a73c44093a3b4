namespace DaxEmu.Core.Iomap;

/// <summary>Which runs of free pages will do for a request that cannot begin at its hint.</summary>
internal enum BlockFit
{
    /// <summary>One at the start of a wholly free 2 MiB.</summary>
    Whole,

    /// <summary>One in a partly free 2 MiB that is not short beside what is wished for, else one as <see cref="Whole"/>.</summary>
    Good,

    /// <summary>Any.</summary>
    Any,
}
