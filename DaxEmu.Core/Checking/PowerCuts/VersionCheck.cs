namespace DaxEmu.Core.Checking;

/// <summary>Says whether bytes that a power cut may have left are right (<see cref="CrashImage.EveryVersion"/>).</summary>
/// <param name="offsetBytes">Where they lie.</param>
/// <param name="bytes">The bytes, at most 8, all in one aligned word of 8.</param>
/// <returns>Whether they are right.</returns>
public delegate bool VersionCheck(long offsetBytes, ReadOnlySpan<byte> bytes);
