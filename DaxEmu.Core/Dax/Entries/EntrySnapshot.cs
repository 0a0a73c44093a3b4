namespace DaxEmu.Core;

/// <summary>An entry as it was at one moment: a value, never a reference. The default means that there was none.</summary>
/// <param name="Start">The first page that it covers.</param>
/// <param name="Entry">Its kind, order, pfn, lock and dirty mark.</param>
/// <param name="IsTowrite">Whether a running writeback pass has chosen it.</param>
public readonly record struct EntrySnapshot(PageIndex Start, DaxEntry Entry, bool IsTowrite)
{
    /// <summary>Whether there was an entry.</summary>
    public bool IsPresent => Entry.IsPresent;

    /// <summary>The pages that it covers.</summary>
    public PageRange Range => new(Start, Entry.Order.PageCount());

    /// <summary>The first page and the entry, as in <c>0:2m@1024*</c>.</summary>
    public override string ToString() => $"{Start}:{Entry}{(IsTowrite ? "t" : string.Empty)}";
}
