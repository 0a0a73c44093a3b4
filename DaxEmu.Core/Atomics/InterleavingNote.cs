namespace DaxEmu.Core.Atomics;

/// <summary>A line for the trace of a schedule, in the words of the entry table.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Mapping">The mapping's id.</param>
/// <param name="Index">First page of the entry.</param>
/// <param name="Order">The entry's order.</param>
/// <param name="Key">The page of the wait key, or the device page, where one is involved; else -1.</param>
/// <param name="Text">For <see cref="NoteKind.Says"/>; else null.</param>
internal readonly record struct InterleavingNote(NoteKind Kind, long Mapping, PageIndex Index, PageOrder Order, long Key = -1, string? Text = null);
