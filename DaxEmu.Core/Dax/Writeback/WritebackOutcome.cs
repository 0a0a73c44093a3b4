namespace DaxEmu.Core.Dax.Writeback;

/// <summary>What a writeback pass did.</summary>
/// <param name="EntryCount">Entries that were written back.</param>
/// <param name="PageCount">Pages that they cover.</param>
/// <param name="Error">What stopped the pass; none if nothing did.</param>
internal readonly record struct WritebackOutcome(long EntryCount, long PageCount, IoError Error);
