namespace DaxEmu.Core.Iomap;

/// <summary>The invariants, for tests and teardowns.</summary>
internal sealed partial class BlockAllocator
{
    /// <summary>Counts everything anew and compares.</summary>
    /// <exception cref="InvalidOperationException">A count or a bit set disagrees with the bits of the pages.</exception>
    public void Verify()
    {
        ThrowIfClosed();
        foreach (BlockGroup group in groups)
        {
            using (group.Enter())
            {
                group.Verify(Range);
            }
        }
    }
}
