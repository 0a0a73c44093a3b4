namespace DaxEmu.Core.Dax.Writeback;

/// <summary>What a writeback pass did.</summary>
/// <param name="EntryCount">Entries that were written back.</param>
/// <param name="PageCount">Pages that they cover.</param>
/// <param name="Errno">The error that stopped the pass, 0 if none did.</param>
public readonly record struct WritebackOutcome(long EntryCount, long PageCount, int Errno);
