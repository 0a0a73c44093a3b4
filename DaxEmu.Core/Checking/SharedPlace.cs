using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>A word in native memory, or a field or lock of an object, that a thread accessed.</summary>
/// <param name="Address">Where the word lies; 0 for a part of an object.</param>
/// <param name="Owner">The object; null for a word.</param>
/// <param name="Part">The part of the object.</param>
internal readonly record struct SharedPlace(nint Address, object? Owner, string? Part)
{
    private const int LineShift = 6;

    /// <summary>The cache line: of 64 bytes; an object is one.</summary>
    public SharedPlace Line => Owner is null ? new(Address >> LineShift << LineShift, null, null) : this with { Part = null };

    /// <inheritdoc/>
    public bool Equals(SharedPlace other) => Address == other.Address && ReferenceEquals(Owner, other.Owner) && Part == other.Part;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Address, Owner is null ? 0 : RuntimeHelpers.GetHashCode(Owner), Part);

    /// <summary>Its name for people.</summary>
    public string NameIn(LineNames names, Site site) => Owner is null ? names.Of(Address, site) : names.Of(Owner, Part!);
}
