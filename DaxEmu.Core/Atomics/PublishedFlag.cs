namespace DaxEmu.Core.Atomics;

/// <summary>As <see cref="Published{T}"/>, a truth value. Setting it to what it is stores nothing, so that its line stays where it is read.</summary>
internal struct PublishedFlag
{
    private volatile bool value;

    /// <summary>Loads it.</summary>
    /// <param name="owner">The object whose field this is.</param>
    /// <param name="part">What the field says, for people.</param>
    public readonly bool Read(object owner, string part)
    {
        Atomic.Shared(owner, part, isWrite: false);
        return value;
    }

    /// <summary>Sets it, if it is not so already.</summary>
    /// <param name="owner">The object whose field this is.</param>
    /// <param name="part">What the field says, for people.</param>
    /// <param name="next">What it says from now on.</param>
    public void Write(object owner, string part, bool next)
    {
        bool isChanged = value != next;
        Atomic.Shared(owner, part, isChanged);
        if (isChanged)
        {
            value = next;
        }
    }
}
