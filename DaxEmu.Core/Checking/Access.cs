namespace DaxEmu.Core.Checking;

/// <summary>What a step accesses.</summary>
/// <param name="Location">The address of the word; 0 for none.</param>
/// <param name="MayWrite">Whether it may write it, or sleep or wake on it.</param>
internal readonly record struct Access(nint Location, bool MayWrite)
{
    /// <summary>Whether it matters which of the two steps comes first.</summary>
    public bool ConflictsWith(Access other) => Location == other.Location && Location != 0 && (MayWrite || other.MayWrite);
}
