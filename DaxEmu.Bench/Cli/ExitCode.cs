namespace DaxEmu.Bench.Cli;

/// <summary>What the command ends with.</summary>
internal enum ExitCode
{
    /// <summary>Nothing is wrong.</summary>
    Success = 0,

    /// <summary>A bug, a hang or a mismatch was found.</summary>
    Found = 1,

    /// <summary>The command line is wrong.</summary>
    Usage = 2,

    /// <summary>This environment cannot do it, or the result is inconclusive.</summary>
    Inconclusive = 3,

    /// <summary>Stopped by its own time limit.</summary>
    TimeLimit = 124,
}
