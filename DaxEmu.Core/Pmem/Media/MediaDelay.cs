namespace DaxEmu.Core.Pmem.Media;

/// <summary>A delay that was asked for and what it came to.</summary>
/// <param name="TargetNs">Nanoseconds that were asked for.</param>
/// <param name="ReachedNs">Nanoseconds that passed, in the middle of several rounds.</param>
/// <param name="SpreadNs">How far the middle half of the rounds lies apart.</param>
internal readonly record struct MediaDelay(long TargetNs, double ReachedNs, double SpreadNs);
