namespace DaxEmu.Bench.Cli;

/// <summary>What the command ends with.</summary>
internal enum ExitCode
{
    /// <summary>All is well.</summary>
    Fine = 0,

    /// <summary>A bug, a hang or a mismatch was found.</summary>
    Found = 1,

    /// <summary>The command line is wrong.</summary>
    Usage = 2,

    /// <summary>This environment cannot do it, or the answer is inconclusive.</summary>
    CannotTell = 3,

    /// <summary>Stopped by its own time limit.</summary>
    TimeLimit = 124,
}
