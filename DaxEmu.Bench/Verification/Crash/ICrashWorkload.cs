using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>A program on persistent memory that <c>daxemu crash</c> cuts: many short cases of it.</summary>
internal interface ICrashWorkload
{
    /// <summary>What --workload calls it.</summary>
    string Name { get; }

    /// <summary>What it is, in a line.</summary>
    string Description { get; }

    /// <summary>What can be wrong with it on purpose (--bug).</summary>
    IReadOnlyList<CrashBug> Bugs { get; }

    /// <summary>Its cases, those with fewest steps first: each a sequence of operations, of which the last is cut. Names are unique.</summary>
    /// <param name="bug">One of <see cref="Bugs"/>; null for the right program.</param>
    /// <param name="seed">What the data are made of, where they are random.</param>
    IReadOnlyList<PowerCutTest> Cases(CrashBug? bug, ulong seed);
}
