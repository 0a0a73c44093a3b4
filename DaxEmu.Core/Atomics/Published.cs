namespace DaxEmu.Core.Atomics;

/// <summary>
/// A reference that one thread stores and others load without a lock: a release and an acquire, and known to who records which cache lines two
/// operations share. Costs a plain load or store where no thread is recorded.
/// </summary>
/// <remarks>The fields of one object count as one line, since that is where the runtime puts them: so the owner is named at each access.</remarks>
/// <param name="value">What it holds first.</param>
internal struct Published<T>(T value)
    where T : class?
{
    private volatile T value = value;

    /// <summary>Loads it.</summary>
    /// <param name="owner">The object whose field this is.</param>
    /// <param name="part">What the field holds, for people.</param>
    public readonly T Read(object owner, string part)
    {
        Atomic.Shared(owner, part, isWrite: false);
        return value;
    }

    /// <summary>Stores it.</summary>
    /// <param name="owner">The object whose field this is.</param>
    /// <param name="part">What the field holds, for people.</param>
    /// <param name="next">What it holds from now on.</param>
    public void Write(object owner, string part, T next)
    {
        Atomic.Shared(owner, part, isWrite: true);
        value = next;
    }
}
