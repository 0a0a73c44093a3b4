namespace DaxEmu.Tests.Fuzzing;

/// <summary>What is wrong with how a case ended.</summary>
internal enum ComplaintKind
{
    /// <summary>The process died: a signal, an abort, an end in the midst of it.</summary>
    Died,

    /// <summary>Neither it nor this run ended it: the system did, or the worker's own watch because nothing moved.</summary>
    Killed,

    /// <summary>It took too long, and was killed or ended late.</summary>
    Hang,

    /// <summary>It was asked to stop, and went on for too long.</summary>
    LateStop,

    /// <summary>It took too much memory.</summary>
    Memory,

    /// <summary>An exception left the command.</summary>
    Exception,

    /// <summary>Text of the runtime, such as a stack trace, in what it printed.</summary>
    RuntimeText,

    /// <summary>An exit code that is not documented.</summary>
    ExitCode,

    /// <summary>A refusal without its one line.</summary>
    ErrorLine,

    /// <summary>A control character that a terminal would obey.</summary>
    ControlCharacter,

    /// <summary>JSON was asked for, and something else or more came.</summary>
    Json,

    /// <summary>A file that it made for itself is still there.</summary>
    LeftBehind,
}

/// <summary>What is wrong with how a case ended, in words.</summary>
internal sealed record Complaint(ComplaintKind Kind, string Detail)
{
    /// <summary>Whether a busy machine may have caused it.</summary>
    public bool DependsOnMachine => Kind is ComplaintKind.Hang or ComplaintKind.LateStop or ComplaintKind.Killed;
}

/// <summary>How a case ended.</summary>
/// <param name="Code">The exit code; -1 if it did not get that far.</param>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="Megabytes">What it took at its peak, in MiB.</param>
/// <param name="Complaint">What is wrong with that; null for nothing.</param>
internal readonly record struct CaseEnd(int Code, int Milliseconds, int Megabytes, Complaint? Complaint)
{
    public static CaseEnd Of(Complaint complaint) => new(-1, 0, 0, complaint);
}
