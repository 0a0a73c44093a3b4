namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>Words of a line that a power cut leaves in one of several versions: a line's cached stores, or a word stored around the caches.</summary>
internal struct UndecidedUnit
{
    /// <summary>Which line.</summary>
    public long Line;

    /// <summary>A bit for each of its words.</summary>
    public byte Words;

    /// <summary>How many words.</summary>
    public int WordCount;

    /// <summary>The first value of its first version; each version has a value for each word, and the content before the cut follows them.</summary>
    public int FirstValue;

    /// <summary>Its first version; 0 of its versions is "everything arrived".</summary>
    public int FirstVersion;

    /// <summary>How many versions.</summary>
    public int VersionCount;

    /// <summary>The version in which nothing arrived that need not have.</summary>
    public int Least;

    /// <summary>The versions that are still possible, a bit each; with more than 64 all, or the bit of <see cref="Chosen"/> alone counts.</summary>
    public ulong Remaining;

    /// <summary>With more than 64 versions: the one that was chosen, or -1.</summary>
    public int Chosen;

    /// <summary>Whether recovery has overwritten it, so that its version does not matter.</summary>
    public bool IsDead;

    /// <summary>Whether its versions are too many for <see cref="Remaining"/>.</summary>
    public readonly bool IsLarge => VersionCount > 64;

    /// <summary>Whether more than one version is possible, and matters.</summary>
    public readonly bool IsOpen => !IsDead && (IsLarge ? Chosen < 0 : (Remaining & (Remaining - 1)) != 0);

    /// <summary>Of the possible versions the one with most stores.</summary>
    public readonly int Newest => IsLarge ? Math.Max(Chosen, 0) : System.Numerics.BitOperations.TrailingZeroCount(Remaining);

    /// <summary>Of the possible versions the one with fewest stores: what stands in the hash for what was not read.</summary>
    public readonly int Oldest => !IsLarge ? 63 - System.Numerics.BitOperations.LeadingZeroCount(Remaining) : Chosen >= 0 ? Chosen : VersionCount - 1;
}
