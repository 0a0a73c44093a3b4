namespace DaxEmu.Bench.Reporting.Statistics;

/// <summary>What may be said of a difference.</summary>
internal enum Verdict
{
    /// <summary>Two runs of the same build may differ as much.</summary>
    Noise,

    /// <summary>The later runs take longer.</summary>
    Slower,

    /// <summary>The later runs take less time.</summary>
    Faster,

    /// <summary>More than noise in one case alone, in one run of each: a run may have had bad luck there. Repeated runs decide it.</summary>
    Suspect,

    /// <summary>There is nothing to judge it by.</summary>
    Unjudged,
}
