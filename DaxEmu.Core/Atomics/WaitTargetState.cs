namespace DaxEmu.Core.Atomics;

/// <summary>A <see cref="IWaitTarget"/> as it was when it was looked at.</summary>
/// <param name="Name">What it is, such as <c>invalidate lock of mapping 7</c>.</param>
/// <param name="State">Its state, such as <c>held for writing</c>.</param>
/// <param name="HolderThreadIds">The threads that hold it, by managed id, as far as they are known.</param>
internal readonly record struct WaitTargetState(string Name, string State, IReadOnlyList<int> HolderThreadIds);
