using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>A note of a thread of a run.</summary>
/// <param name="Thread">The thread.</param>
/// <param name="Note">What it says.</param>
/// <param name="StepCount">Recorded steps before it.</param>
internal readonly record struct RecordedNote(int Thread, InterleavingNote Note, int StepCount);
