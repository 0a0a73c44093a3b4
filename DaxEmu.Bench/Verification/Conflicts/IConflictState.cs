using DaxEmu.Core.Atomics;

namespace DaxEmu.Bench.Verification.Conflicts;

/// <summary>What the two operations of a pair work on: made anew for each run.</summary>
internal interface IConflictState : IDisposable
{
    /// <summary>Names everything that threads share in it.</summary>
    void NameLines(LineNames names);

    /// <summary>All that a user could see in the end, in words: equal for two orders of operations that commute.</summary>
    string Digest();
}
