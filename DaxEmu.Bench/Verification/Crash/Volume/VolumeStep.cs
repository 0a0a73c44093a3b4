namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>One call to a volume.</summary>
/// <param name="Label">What a failure calls it.</param>
/// <param name="Act">The call.</param>
internal sealed record VolumeStep(string Label, Action<VolumeSession> Act);
