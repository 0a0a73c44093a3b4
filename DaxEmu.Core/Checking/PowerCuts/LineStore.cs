namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>A store to a line that is not durable for certain, or that lies over such a one.</summary>
/// <param name="Event">Its event in the log.</param>
/// <param name="Words">A bit for each word of the line that it has a part of.</param>
/// <param name="IsCached">Whether it went to the caches, where the line's stores keep their order.</param>
/// <param name="IsCertain">Whether it is durable.</param>
internal readonly record struct LineStore(int Event, byte Words, bool IsCached, bool IsCertain);
