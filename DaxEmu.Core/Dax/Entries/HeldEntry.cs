namespace DaxEmu.Core.Dax.Entries;

/// <summary>An entry whose lock the caller holds.</summary>
/// <param name="Start">The first page that it covers.</param>
/// <param name="Entry">The entry as it was found, without the lock bit.</param>
internal readonly record struct HeldEntry(PageIndex Start, DaxEntry Entry)
{
    /// <summary>The pages that it covers.</summary>
    public PageRange Range => new(Start, Entry.Order.PageCount());
}
