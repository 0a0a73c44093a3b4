namespace DaxEmu.Core.Checking;

/// <summary>What a step of a schedule does.</summary>
internal enum StepKind
{
    /// <summary>The thread runs its first instructions, or goes on after it was woken.</summary>
    None,
    Load,
    Store,
    CompareExchange,
    Exchange,
    Add,
    Or,
    And,
    ProcessWideBarrier,
    Wait,
    Wake,
    SpinWhile,

    /// <summary>The oldest buffered store of a thread reaches memory.</summary>
    Drain,

    /// <summary>A value that the strategy chose.</summary>
    Value,
}
